//! What people may do where, and how somebody becomes one of them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::users::insert_user;
use super::{Conn, Result, Role, Store, User, micros, time};
use crate::id::{EventId, SiteId, UserId};

/// A link that lets somebody make an account, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: EventId,
    /// SHA-256 of the token in the link.
    pub digest: Vec<u8>,
    /// The site it lets in to; all sites when `None`.
    pub site: Option<SiteId>,
    /// What the new account may do there.
    pub role: Role,
    /// For whom it is meant.
    pub email: Option<String>,
    /// Who invited.
    pub invited_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it lets nobody in.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct InvitationRow {
    site_id: i64,
    id: i64,
    digest: Vec<u8>,
    role: String,
    email: Option<String>,
    invited_by: i64,
    created_at: i64,
    expires_at: i64,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: EventId(row.id),
            digest: row.digest,
            site: Some(SiteId(row.site_id)).filter(|site| site.0 != 0),
            role: row.role.parse().unwrap_or(Role::Viewer),
            email: row.email,
            invited_by: UserId(row.invited_by),
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
        }
    }
}

const INVITATION_COLUMNS: &str = "site_id, id, digest, role, email, invited_by, created_at, expires_at";

impl Store {
    /// What a person may do on single sites, in place of what they may do on all.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn site_roles(&self, user: UserId) -> Result<HashMap<SiteId, Role>> {
        let rows: Vec<(i64, String)> =
            with_pool!(self, |pool| sqlx::query_as("SELECT site_id, role FROM site_roles WHERE user_id = $1")
                .bind(user)
                .fetch_all(pool)
                .await)?;
        Ok(rows.into_iter().map(|(site, role)| (SiteId(site), role.parse().unwrap_or(Role::Guest))).collect())
    }

    /// Who may decide about a site's comments, by id and name.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn deciders(&self, site: SiteId) -> Result<HashMap<UserId, String>> {
        let rows: Vec<(i64, String)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT u.id, u.name FROM users u LEFT JOIN site_roles r ON r.user_id = u.id AND r.site_id = $1
             WHERE u.disabled_at IS NULL AND COALESCE(r.role, u.role) IN ('administrator', 'moderator')",
        )
        .bind(site)
        .fetch_all(pool)
        .await)?;
        Ok(rows.into_iter().map(|(user, name)| (UserId(user), name)).collect())
    }

    /// Gives a person a role everywhere and others on single sites; `false`, and nothing changed, when nobody would
    /// administer the service any more.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn set_roles(&self, user: UserId, everywhere: Role, sites: Vec<(SiteId, Role)>) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                let sites = sites.clone();
                Box::pin(async move {
                    if everywhere != Role::Administrator && !others_administer(conn, user).await? {
                        return Ok(false);
                    }
                    execute!(
                        conn,
                        sqlx::query("UPDATE users SET role = $2 WHERE id = $1").bind(user).bind(everywhere.as_str())
                    )?;
                    execute!(conn, sqlx::query("DELETE FROM site_roles WHERE user_id = $1").bind(user))?;
                    for (site, role) in sites {
                        set_site_role(conn, site, user, role).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// Disables an account and ends its sessions, or enables it again; `false`, and nothing changed, when nobody would
    /// administer the service any more.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn set_disabled(&self, user: UserId, disabled_at: Option<Timestamp>) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    if disabled_at.is_some() && !others_administer(conn, user).await? {
                        return Ok(false);
                    }
                    execute!(
                        conn,
                        sqlx::query("UPDATE users SET disabled_at = $2 WHERE id = $1")
                            .bind(user)
                            .bind(disabled_at.map(micros))
                    )?;
                    if disabled_at.is_some() {
                        execute!(conn, sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user))?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// Keeps an invitation.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn invite(&self, invitation: Invitation) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let invitation = invitation.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO invitations (site_id, id, digest, role, email, invited_by, created_at, expires_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                        )
                        .bind(invitation.site.map_or(0, |site| site.0))
                        .bind(invitation.id)
                        .bind(&invitation.digest)
                        .bind(invitation.role.as_str())
                        .bind(&invitation.email)
                        .bind(invitation.invited_by)
                        .bind(micros(invitation.created_at))
                        .bind(micros(invitation.expires_at))
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Invitations that still let somebody in, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>> {
        let sql = format!("SELECT {INVITATION_COLUMNS} FROM invitations WHERE expires_at > $1 ORDER BY id DESC");
        let rows: Vec<InvitationRow> =
            with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(micros(now)).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(Invitation::from).collect())
    }

    /// The invitation with this token's digest, if it still lets somebody in.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn invitation(&self, digest: &[u8], now: Timestamp) -> Result<Option<Invitation>> {
        let sql = format!("SELECT {INVITATION_COLUMNS} FROM invitations WHERE digest = $1 AND expires_at > $2");
        let row: Option<InvitationRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(digest)
            .bind(micros(now))
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(Invitation::from))
    }

    /// Makes the account that an invitation allows and uses the invitation up; `false`, and no account, when it lets
    /// nobody in any more.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Exists`] when the e-mail address has an account; the invitation stays.
    pub async fn accept_invitation(&self, digest: Vec<u8>, user: User, now: Timestamp) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                let (digest, user) = (digest.clone(), user.clone());
                Box::pin(async move {
                    let sql = format!(
                        "DELETE FROM invitations WHERE digest = $1 AND expires_at > $2 RETURNING {INVITATION_COLUMNS}"
                    );
                    let row: Option<InvitationRow> = with_conn!(conn, |c| {
                        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(digest).bind(micros(now)).fetch_optional(c).await
                    })?;
                    let Some(invitation) = row.map(Invitation::from) else { return Ok(false) };
                    let id = user.id;
                    let role = if invitation.site.is_some() { Role::Guest } else { invitation.role };
                    insert_user(conn, User { role, ..user }).await?;
                    if let Some(site) = invitation.site {
                        set_site_role(conn, site, id, invitation.role).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// Takes an invitation back; `false` when there is none.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn withdraw_invitation(&self, id: EventId) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let rows = execute!(conn, sqlx::query("DELETE FROM invitations WHERE id = $1").bind(id))?;
                    Ok(rows == 1)
                })
            })
            .await
    }
}

/// Whether somebody else than this person administers the service.
async fn others_administer(conn: &mut Conn, user: UserId) -> sqlx::Result<bool> {
    let others: i64 = with_conn!(conn, |c| sqlx::query_scalar(
        "SELECT COUNT(*) FROM users WHERE role = $1 AND disabled_at IS NULL AND id <> $2"
    )
    .bind(Role::Administrator.as_str())
    .bind(user)
    .fetch_one(c)
    .await)?;
    Ok(others > 0)
}

/// Gives somebody a role on one site, in place of what they may do on all.
async fn set_site_role(conn: &mut Conn, site: SiteId, user: UserId, role: Role) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO site_roles (site_id, user_id, role) VALUES ($1, $2, $3)
             ON CONFLICT (site_id, user_id) DO UPDATE SET role = excluded.role",
        )
        .bind(site)
        .bind(user)
        .bind(role.as_str())
    )?;
    Ok(())
}
