//! Where sites want to be told what was decided; what is on its way there is in `outbox.rs`.

use jiff::{SignedDuration, Timestamp};

use super::directory::bump;
use super::outbox::Attempt;
use super::{Conn, Result, Store, micros, time};
use crate::id::SiteId;
use crate::webhooks::Secret;

/// Where a site wants to be told what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The site.
    pub site: SiteId,
    /// Where to.
    pub url: String,
    /// What deliveries are signed with.
    pub secret: Option<Secret>,
    /// The secret before that, and until when it signs too.
    pub old_secret: Option<(Secret, Timestamp)>,
    /// How long a moderator's decision waits before it is sent, so that taking it back leaves no trace.
    pub hold: SignedDuration,
    /// When and why it was switched off.
    pub off: Option<(Timestamp, String)>,
}

impl Webhook {
    /// The secrets that sign at `now`, the newest first.
    pub fn secrets(&self, now: Timestamp) -> Vec<Secret> {
        let old = self.old_secret.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret.clone());
        self.secret.iter().cloned().chain(old).collect()
    }
}

#[derive(sqlx::FromRow)]
struct WebhookRow {
    id: i64,
    webhook_url: String,
    webhook_secret: Option<String>,
    webhook_old_secret: Option<String>,
    webhook_old_secret_until: Option<i64>,
    webhook_hold: i64,
    webhook_off_at: Option<i64>,
    webhook_off_reason: Option<String>,
}

impl From<WebhookRow> for Webhook {
    fn from(row: WebhookRow) -> Self {
        let secret = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Self {
            site: SiteId(row.id),
            url: row.webhook_url,
            secret: secret(row.webhook_secret),
            old_secret: secret(row.webhook_old_secret).zip(row.webhook_old_secret_until.map(time)),
            hold: SignedDuration::from_micros(row.webhook_hold),
            off: row.webhook_off_at.map(|at| (time(at), row.webhook_off_reason.unwrap_or_default())),
        }
    }
}

const WEBHOOK: &str =
    "SELECT id, webhook_url, webhook_secret, webhook_old_secret, webhook_old_secret_until, webhook_hold,
    webhook_off_at, webhook_off_reason FROM sites WHERE id = $1 AND webhook_url IS NOT NULL";

impl Store {
    /// A site's webhook, if it has one.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn webhook(&self, site: SiteId) -> Result<Option<Webhook>> {
        let row: Option<WebhookRow> =
            with_pool!(self, |pool| sqlx::query_as(WEBHOOK).bind(site).fetch_optional(pool).await)?;
        Ok(row.map(Webhook::from))
    }

    /// Sets a site's webhook and switches it on. Without a secret it keeps the one it has; `old` secrets end.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn set_webhook(
        &self,
        site: SiteId,
        url: String,
        secret: Option<Secret>,
        hold: SignedDuration,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let (url, secret) = (url.clone(), secret.as_ref().map(Secret::reveal));
                Box::pin(async move {
                    execute!(conn, sqlx::query(
                        "UPDATE sites SET webhook_url = $2, webhook_secret = COALESCE($3, webhook_secret), webhook_hold = $4,
                            webhook_off_at = NULL, webhook_off_reason = NULL WHERE id = $1",
                    )
                    .bind(site)
                    .bind(url)
                    .bind(secret)
                    .bind(hold.as_micros() as i64))?;
                    bump(conn).await
                })
            })
            .await
    }

    /// Gives a site's webhook a new secret; the one before signs too until `old_until`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn rotate_webhook_secret(&self, site: SiteId, secret: Secret, old_until: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let secret = secret.reveal();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "UPDATE sites SET webhook_old_secret = webhook_secret, webhook_old_secret_until = $3,
                            webhook_secret = $2 WHERE id = $1",
                        )
                        .bind(site)
                        .bind(secret)
                        .bind(micros(old_until))
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Takes a site's webhook away, and what is on its way to it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn remove_webhook(&self, site: SiteId) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    execute!(conn, sqlx::query(
                        "UPDATE sites SET webhook_url = NULL, webhook_secret = NULL, webhook_old_secret = NULL,
                            webhook_old_secret_until = NULL, webhook_off_at = NULL, webhook_off_reason = NULL WHERE id = $1",
                    )
                    .bind(site))?;
                    execute!(conn, sqlx::query("DELETE FROM outbox WHERE site_id = $1 AND target = ''").bind(site))?;
                    bump(conn).await
                })
            })
            .await
    }
}

/// Switches a site's webhook off, because its receiver wants nothing more; what waits for it is given up.
pub(super) async fn switch_off(conn: &mut Conn, site: SiteId, attempt: &Attempt) -> sqlx::Result<()> {
    let at = micros(attempt.at);
    execute!(
        conn,
        sqlx::query(
            "UPDATE sites SET webhook_off_at = $2, webhook_off_reason = $3 WHERE id = $1 AND webhook_off_at IS NULL"
        )
        .bind(site)
        .bind(at)
        .bind(&attempt.error)
    )?;
    execute!(
        conn,
        sqlx::query(
            "UPDATE outbox SET dead_at = $2, last_error = $3 WHERE site_id = $1 AND target = '' AND dead_at IS NULL"
        )
        .bind(site)
        .bind(at)
        .bind(&attempt.error)
    )?;
    bump(conn).await
}
