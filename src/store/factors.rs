//! Second factors of accounts, the codes that stand in for them, and the sessions of one person.

use jiff::Timestamp;

use super::{Result, Store, micros, time};
use crate::id::UserId;

/// The second factor of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The secret that the app shares with us.
    pub secret: Vec<u8>,
    /// Whether its first code was right; before that it is not asked for.
    pub is_confirmed: bool,
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSession {
    /// SHA-256 of its token.
    pub digest: Vec<u8>,
    /// What the browser calls itself, in a few words.
    pub browser: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last seen, to the minute.
    pub last_seen_at: Timestamp,
}

impl Store {
    /// The second factor of a person.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>> {
        let row: Option<(Vec<u8>, Option<i64>)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT secret, confirmed_at FROM second_factors WHERE user_id = $1"
        )
        .bind(user)
        .fetch_optional(pool)
        .await)?;
        Ok(row.map(|(secret, confirmed)| SecondFactor { secret, is_confirmed: confirmed.is_some() }))
    }

    /// Keeps the secret of a second factor that is not in use yet; one that is in use stays as it is.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn begin_second_factor(&self, user: UserId, secret: Vec<u8>, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let secret = secret.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO second_factors (user_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3)
                             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
                             WHERE second_factors.confirmed_at IS NULL",
                        )
                        .bind(user)
                        .bind(secret)
                        .bind(micros(now))
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Puts a second factor in use, with the digests of the codes that stand in for it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        step: i64,
        recovery: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let recovery = recovery.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("UPDATE second_factors SET confirmed_at = $2, last_step = $3 WHERE user_id = $1")
                            .bind(user)
                            .bind(micros(now))
                            .bind(step)
                    )?;
                    execute!(conn, sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user))?;
                    for digest in recovery {
                        execute!(
                            conn,
                            sqlx::query("INSERT INTO recovery_codes (user_id, digest) VALUES ($1, $2)")
                                .bind(user)
                                .bind(digest)
                        )?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Uses a time step of a second factor up; `false` when it or a later one was used before.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn use_step(&self, user: UserId, step: i64) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let rows = execute!(
                        conn,
                        sqlx::query("UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2")
                            .bind(user)
                            .bind(step)
                    )?;
                    Ok(rows == 1)
                })
            })
            .await
    }

    /// Uses a recovery code up; `false` when there is none of this digest.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn use_recovery_code(&self, user: UserId, digest: Vec<u8>) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                let digest = digest.clone();
                Box::pin(async move {
                    let rows = execute!(
                        conn,
                        sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2")
                            .bind(user)
                            .bind(digest)
                    )?;
                    Ok(rows == 1)
                })
            })
            .await
    }

    /// How many recovery codes a person has left.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn recovery_codes_left(&self, user: UserId) -> Result<i64> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1")
            .bind(user)
            .fetch_one(pool)
            .await)?)
    }

    /// Removes a second factor and its recovery codes.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn remove_second_factor(&self, user: UserId) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user))?;
                    execute!(conn, sqlx::query("DELETE FROM second_factors WHERE user_id = $1").bind(user))?;
                    Ok(())
                })
            })
            .await
    }

    /// The browsers in which a person is signed in at `now`, last seen first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sessions_of(&self, user: UserId, now: Timestamp, idle_since: Timestamp) -> Result<Vec<SeenSession>> {
        let rows: Vec<(Vec<u8>, String, i64, i64)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT token_digest, browser, created_at, last_seen_at FROM sessions
             WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 AND is_half = 0 ORDER BY last_seen_at DESC"
        )
        .bind(user)
        .bind(micros(now))
        .bind(micros(idle_since))
        .fetch_all(pool)
        .await)?;
        let session = |(digest, browser, created, seen)| SeenSession {
            digest,
            browser,
            created_at: time(created),
            last_seen_at: time(seen),
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Ends all sessions of a person but the one with this digest; returns how many.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn end_other_sessions(&self, user: UserId, keep: Vec<u8>) -> Result<u64> {
        self.writer
            .transact(move |conn| {
                let keep = keep.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_digest <> $2")
                            .bind(user)
                            .bind(keep)
                    )
                })
            })
            .await
    }

    /// Gives a person another password and ends all other sessions.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn set_password(&self, user: UserId, hash: String, keep: Vec<u8>) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let (hash, keep) = (hash.clone(), keep.clone());
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1").bind(user).bind(hash)
                    )?;
                    execute!(
                        conn,
                        sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND token_digest <> $2")
                            .bind(user)
                            .bind(keep)
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Keeps what a person chose of language, time zone and looks.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn set_choices(&self, user: UserId, choices: String) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let choices = choices.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("UPDATE users SET choices = $2 WHERE id = $1").bind(user).bind(choices)
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// What a person chose of language, time zone and looks; empty for nothing.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn choices(&self, user: UserId) -> Result<String> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar("SELECT choices FROM users WHERE id = $1")
            .bind(user)
            .fetch_optional(pool)
            .await)?
        .unwrap_or_default())
    }
}
