//! Months of comments and events: on PostgreSQL each is a partition, made before it begins.
//!
//! Ids are in the order of time, so a month is a range of ids. What falls into no partition is kept in the default
//! one; nothing is ever refused for want of a partition.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Conn, Result, Store};

/// Tables in partitions.
pub(super) const TABLES: [&str; 2] = ["comments", "events"];
/// Months that exist before they begin.
const AHEAD: i32 = 3;

/// A month, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    first: Date,
}

impl Month {
    /// The month of a time.
    pub(super) fn of(time: Timestamp) -> Self {
        Self { first: time.to_zoned(TimeZone::UTC).date().first_of_month() }
    }

    /// The one with this name, if it is one.
    fn named(suffix: &str) -> Option<Self> {
        let (year, month) = suffix.split_once('_')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().map(|first| Self { first })
    }

    /// The one `n` months later; the last of the calendar at its end.
    pub(super) fn plus(self, n: i32) -> Self {
        Self { first: self.first.saturating_add(n.months()) }
    }

    /// Its name at the end of a partition's.
    pub(super) fn suffix(self) -> String {
        format!("{:04}_{:02}", self.first.year(), self.first.month())
    }

    /// The smallest id of this month.
    pub(super) fn floor(self) -> i64 {
        let begin = self.first.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        crate::id::floor(begin.unwrap_or(Timestamp::MAX))
    }
}

impl Store {
    /// The months that have a partition of comments, oldest first; none on SQLite.
    pub(super) async fn months(&self) -> Result<Vec<Month>> {
        if self.dialect() == super::Dialect::Sqlite {
            return Ok(Vec::new());
        }
        let names: Vec<String> = with_pool!(self, |pool| {
            sqlx::query_scalar(
                "SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = CAST('comments' AS regclass) ORDER BY 1",
            )
            .fetch_all(pool)
            .await
        })?;
        Ok(names.iter().filter_map(|name| Month::named(name.strip_prefix("comments_")?)).collect())
    }

    /// Makes the partitions of this month and the next ones. Nothing to do on SQLite.
    ///
    /// # Errors
    ///
    /// When the database fails. Comments are stored all the same, in the default partition.
    pub async fn make_partitions(&self, now: Timestamp) -> Result<()> {
        if self.dialect() == super::Dialect::Sqlite {
            return Ok(());
        }
        for n in 0..=AHEAD {
            let month = Month::of(now).plus(n);
            self.writer.transact(move |conn| Box::pin(async move { make(conn, month).await })).await?;
        }
        Ok(())
    }
}

pub(super) async fn make(conn: &mut Conn, month: Month) -> sqlx::Result<()> {
    let Conn::Postgres(c) = conn else { return Ok(()) };
    // One replica at a time. A table that is busy for longer than this gets its partition the next time.
    sqlx::raw_sql("SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(7234171)").execute(&mut *c).await?;
    for table in TABLES {
        let (name, from, to) = (month.suffix(), month.floor(), month.plus(1).floor());
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {table}_{name} PARTITION OF {table} FOR VALUES FROM ({from}) TO ({to})"
        );
        let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(format!("{table}_{name}"))
            .fetch_one(&mut *c)
            .await?;
        if !there {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *c).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_without_a_gap() {
        let december = Month::of("2026-12-31T23:59:59.999Z".parse().expect("a time"));
        assert_eq!(december.suffix(), "2026_12");
        assert_eq!(december.plus(1).suffix(), "2027_01");
        let begin: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
        assert_eq!(december.plus(1).floor(), crate::id::floor(begin));
        assert_eq!(Month::of(begin), december.plus(1));
        assert_eq!(Month::named(&december.suffix()), Some(december));
        assert_eq!(Month::named("default"), None);
    }
}
