//! What a moderator has arranged for himself: saved views and keys.

use jiff::Timestamp;

use super::{Result, Store, micros};
use crate::id::UserId;

/// A search that somebody gave a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub user: UserId,
    /// What it is called.
    pub name: String,
    /// The query of the queue's address.
    pub query: String,
    /// Whether everybody has it.
    pub shared: bool,
}

impl Store {
    /// The views of somebody and those that are shared, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn views(&self, user: UserId) -> Result<Vec<SavedView>> {
        let rows: Vec<(i64, i64, String, String, bool)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT id, user_id, name, query, shared FROM views WHERE user_id = $1 OR shared ORDER BY id LIMIT 50",
        )
        .bind(user)
        .fetch_all(pool)
        .await)?;
        let view = |(id, user, name, query, shared)| SavedView { id, user: UserId(user), name, query, shared };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Keeps a view; its id is made here.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn save_view(&self, view: SavedView, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let view = view.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO views (id, user_id, name, query, shared, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                        )
                        .bind(crate::id::fresh(now))
                        .bind(view.user)
                        .bind(view.name)
                        .bind(view.query)
                        .bind(view.shared)
                        .bind(micros(now))
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes a view of somebody; `false` when they have none of that id.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn remove_view(&self, user: UserId, id: i64) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let sql = "DELETE FROM views WHERE id = $1 AND user_id = $2";
                    Ok(execute!(conn, sqlx::query(sql).bind(id).bind(user))? == 1)
                })
            })
            .await
    }

    /// The keys that somebody changed, as JSON.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn key_bindings(&self, user: UserId) -> Result<Option<String>> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar("SELECT bindings FROM key_bindings WHERE user_id = $1")
            .bind(user)
            .fetch_optional(pool)
            .await)?)
    }

    /// Keeps the keys that somebody changed.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn save_key_bindings(&self, user: UserId, bindings: String) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let bindings = bindings.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO key_bindings (user_id, bindings) VALUES ($1, $2)
                             ON CONFLICT (user_id) DO UPDATE SET bindings = excluded.bindings",
                        )
                        .bind(user)
                        .bind(bindings)
                    )?;
                    Ok(())
                })
            })
            .await
    }
}
