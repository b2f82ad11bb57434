//! People who sign in, their sessions, and the code that lets somebody make the first of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Conn, Result, Store, micros, time};
use crate::id::UserId;

/// What a signed-in person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Decide about comments.
    Moderator,
    /// Look.
    Viewer,
    /// Nothing, but on the sites that say otherwise.
    Guest,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Self::Administrator, Self::Moderator, Self::Viewer, Self::Guest];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Moderator => "moderator",
            Self::Viewer => "viewer",
            Self::Guest => "guest",
        }
    }

    /// Whether this person may decide about comments.
    pub fn may_moderate(self) -> bool {
        matches!(self, Self::Administrator | Self::Moderator)
    }

    /// Whether this person may look.
    pub fn may_look(self) -> bool {
        self != Self::Guest
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no role: there are administrator, moderator, viewer and guest"))
    }
}

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their e-mail address in lower case; unique.
    pub email: String,
    /// What colleagues call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password as an Argon2id PHC string.
    pub password_hash: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// How far somebody has come with signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All the way.
    Whole = 0,
    /// The password was right; the second factor is still to come.
    Half = 1,
}

/// Somebody being signed in, in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: User,
    /// Since when.
    pub created_at: Timestamp,
    /// When the browser was last seen, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: i64,
    email: String,
    name: String,
    role: String,
    password_hash: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    session_created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId(row.id),
            email: row.email,
            name: row.name,
            // A role that a newer version wrote may do the least.
            role: row.role.parse().unwrap_or(Role::Viewer),
            password_hash: row.password_hash,
            created_at: time(row.created_at),
            disabled_at: row.disabled_at.map(time),
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            user: row.user.into(),
            created_at: time(row.session_created_at),
            last_seen_at: time(row.last_seen_at),
            expires_at: time(row.expires_at),
        }
    }
}

const USER_COLUMNS: &str = "id, email, name, role, password_hash, users.created_at, disabled_at";

impl Store {
    /// All accounts, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<User>> {
        let sql = format!("SELECT {USER_COLUMNS} FROM users ORDER BY id");
        let rows: Vec<UserRow> =
            with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// The account with this e-mail address, in any case.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let sql = format!("SELECT {USER_COLUMNS} FROM users WHERE email = $1");
        let row: Option<UserRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(email.to_lowercase())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(User::from))
    }

    /// Makes an account.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Exists`] when the e-mail address has one.
    pub async fn create_user(&self, user: User) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let user = user.clone();
                Box::pin(async move { insert_user(conn, user).await })
            })
            .await
    }

    /// Makes the first administrator for whoever has the setup code, which is used up by it; `false`, and no
    /// account, when the code is wrong or used up.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn create_first_administrator(&self, code_digest: Vec<u8>, user: User) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                let (code_digest, user) = (code_digest.clone(), user.clone());
                Box::pin(async move {
                    let used =
                        execute!(conn, sqlx::query("DELETE FROM setup_codes WHERE digest = $1").bind(code_digest))?;
                    if used == 0 {
                        return Ok(false);
                    }
                    insert_user(conn, user).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Replaces the setup code by the one with this digest, unless there is an account already; `false` then.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn replace_setup_code(&self, digest: Vec<u8>, now: Timestamp) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                let digest = digest.clone();
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM setup_codes"))?;
                    let made = execute!(conn, sqlx::query(
                        "INSERT INTO setup_codes (digest, created_at) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM users)",
                    )
                    .bind(digest)
                    .bind(micros(now)))?;
                    Ok(made == 1)
                })
            })
            .await
    }

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn needs_setup(&self) -> Result<bool> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM users)")
            .fetch_one(pool)
            .await)?)
    }

    /// Disables an account and ends its sessions; `false` when there is none or it was disabled before.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn disable_user(&self, email: &str, now: Timestamp) -> Result<bool> {
        let email = email.to_lowercase();
        self.writer
            .transact(move |conn| {
                let email = email.clone();
                Box::pin(async move {
                    let id: Option<i64> = with_conn!(conn, |c| sqlx::query_scalar(
                        "UPDATE users SET disabled_at = $2 WHERE email = $1 AND disabled_at IS NULL RETURNING id",
                    )
                    .bind(email)
                    .bind(micros(now))
                    .fetch_optional(c)
                    .await)?;
                    execute!(conn, sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(id))?;
                    Ok(id.is_some())
                })
            })
            .await
    }

    /// Begins a session; `token_digest` is the SHA-256 of what the browser keeps.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begin_session(
        &self,
        token_digest: Vec<u8>,
        user: UserId,
        browser: String,
        progress: Progress,
        now: Timestamp,
        ends: Timestamp,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let (token_digest, browser) = (token_digest.clone(), browser.clone());
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO sessions (token_digest, user_id, created_at, last_seen_at, expires_at, browser, is_half)
                         VALUES ($1, $2, $3, $3, $4, $5, $6)",
                        )
                        .bind(token_digest)
                        .bind(user)
                        .bind(micros(now))
                        .bind(micros(ends))
                    .bind(browser)
                    .bind(progress as i64)
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// The session of a browser, if it goes on at `now`: not expired, seen after `idle_since`, its account not disabled.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn session(&self, token_digest: &[u8], now: Timestamp, idle_since: Timestamp) -> Result<Option<Session>> {
        self.session_that_is(Progress::Whole, token_digest, now, idle_since).await
    }

    /// The same for a session that waits for the second factor.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn half_session(
        &self,
        token_digest: &[u8],
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Option<Session>> {
        self.session_that_is(Progress::Half, token_digest, now, idle_since).await
    }

    async fn session_that_is(
        &self,
        progress: Progress,
        token_digest: &[u8],
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<Option<Session>> {
        let sql = format!(
            "SELECT {USER_COLUMNS}, sessions.created_at AS session_created_at, last_seen_at, expires_at
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE token_digest = $1 AND expires_at > $2 AND last_seen_at > $3 AND disabled_at IS NULL AND is_half = $4"
        );
        let row: Option<SessionRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(token_digest)
            .bind(micros(now))
            .bind(micros(idle_since))
            .bind(progress as i64)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(Session::from))
    }

    /// Notes that a browser was seen.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn touch_session(&self, token_digest: Vec<u8>, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let token_digest = token_digest.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("UPDATE sessions SET last_seen_at = $2 WHERE token_digest = $1")
                            .bind(token_digest)
                            .bind(micros(now))
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn end_session(&self, token_digest: Vec<u8>) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let token_digest = token_digest.clone();
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM sessions WHERE token_digest = $1").bind(token_digest))?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes sessions that expired before `now`; returns how many.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn forget_sessions(&self, now: Timestamp) -> Result<u64> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let done =
                        execute!(conn, sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(micros(now)))?;
                    Ok(done)
                })
            })
            .await
    }
}

pub(super) async fn insert_user(conn: &mut Conn, user: User) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO users (id, email, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
        )
        .bind(user.id)
        .bind(user.email.to_lowercase())
        .bind(user.name)
        .bind(user.role.as_str())
        .bind(user.password_hash)
        .bind(micros(user.created_at))
    )?;
    Ok(())
}
