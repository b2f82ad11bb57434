//! The calls about the key itself: whether it is good, what it was used for.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Request;
use super::answer::Answer;
use super::sender::SiteKey;
use crate::store::{StoreError, UsageCounts};

/// Whether the key is good.
pub(super) async fn verify_key(request: &Request) -> Answer {
    match request.sender().await {
        Ok(_) => Answer::text("valid"),
        Err(why) => Answer::invalid(why),
    }
}

/// What the plugin's page of settings shows.
pub(super) async fn subscription(request: &Request) -> Answer {
    with_sender(request, async |sender| {
        Ok(json!({
            "account_id": sender.site.site.id,
            "account_type": "self-hosted",
            "account_name": sender.site.site.name,
            "status": "active",
            "next_billing_date": false,
            "limit_reached": false,
        }))
    })
    .await
}

/// How many comments were spam and how many were not.
pub(super) async fn stats(request: &Request) -> Answer {
    with_sender(request, async |sender| {
        let now = crate::clock::now();
        let since = match request.call.get("from") {
            Some("60-days") => now - SignedDuration::from_hours(60 * 24),
            Some("6-months") => now - SignedDuration::from_hours(183 * 24),
            _ => Timestamp::UNIX_EPOCH,
        };
        let (mut breakdown, mut all) = (serde_json::Map::new(), UsageCounts::default());
        let (mut begin, mut name) = month_of(since.max(sender.site.site.created_at));
        while begin < now {
            let end = month_after(begin);
            let counts = request.app.store.usage_between(sender.site.site.id, begin, end).await?;
            breakdown.insert(name.clone(), figures(&counts, Some(&name)));
            all = all + counts;
            (begin, name) = month_of(end);
        }
        let mut answer = figures(&all, None);
        // Half a minute for each spam that nobody had to look at.
        answer["time_saved"] = json!(all.spam * 30);
        answer["breakdown"] = Value::Object(breakdown);
        Ok(answer)
    })
    .await
}

fn figures(counts: &UsageCounts, month: Option<&str>) -> Value {
    let (all, wrong) = (counts.all(), counts.missed_spam + counts.false_positives);
    let accuracy = if all == 0 { 100.0 } else { 100.0 * (all - wrong.min(all)) as f64 / all as f64 };
    let mut figures = json!({
        "spam": counts.spam,
        "ham": counts.ham,
        "missed_spam": counts.missed_spam,
        "false_positives": counts.false_positives,
        "accuracy": format!("{accuracy:.2}"),
    });
    if let Some(month) = month {
        figures["da"] = json!(format!("{month}-01"));
    }
    figures
}

/// A token that stands for the key; nothing is done with it.
pub(super) async fn token(request: &Request) -> Answer {
    match request.sender().await {
        Ok(_) => Answer::text(crate::secrets::token()),
        Err(why) => Answer::invalid(why),
    }
}

/// The plugin was switched off. The key stays good, so that switching it on again works.
pub(super) async fn deactivate(request: &Request) -> Answer {
    match request.sender().await {
        Ok(_) => Answer::text("deactivated"),
        Err(why) => Answer::invalid(why),
    }
}

/// How much the key was used this month; there is no limit.
pub(super) async fn usage(request: &Request) -> Answer {
    with_sender(request, async |sender| {
        let now = crate::clock::now();
        let counts = request.app.store.usage_between(sender.site.site.id, month_of(now).0, now).await?;
        let mut answer = json!({ "limit": "none", "usage": counts.all(), "percentage": "0.00", "throttled": false });
        if request.call.is_on("extended") {
            answer["notice_level"] = json!(null);
            answer["upgrade"] = json!(null);
        }
        Ok(answer)
    })
    .await
}

/// What each site of the key was used for in a month. A key belongs to one site here.
pub(super) async fn key_sites(request: &Request) -> Answer {
    let sender = match request.sender().await {
        Ok(sender) => sender,
        Err(why) => return Answer::invalid(why),
    };
    let call = &request.call;
    let (from, name) = month_named(call.get("month")).unwrap_or_else(|| month_of(crate::clock::now()));
    let until = month_after(from);
    let counts = match request.app.store.usage_between(sender.site.site.id, from, until).await {
        Ok(counts) => counts,
        Err(error) => return unavailable(&error),
    };
    let number = |name: &str, or: u64| call.get(name).and_then(|n| n.parse::<u64>().ok()).unwrap_or(or);
    let (limit, offset) = (number("limit", 500), number("offset", 0));
    let site = sender.site.site.url.clone().unwrap_or_else(|| sender.site.site.name.clone());
    let is_shown = limit > 0 && offset == 0 && call.get("filter").is_none_or(|filter| site.contains(filter));
    if call.get("format") == Some("csv") {
        let mut csv = format!(
            "Active sites for {} during {name} (limit:{limit}, offset: {offset}, total: 1)\n\
             Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked\n",
            call.key().unwrap_or_default()
        );
        if is_shown {
            let UsageCounts { spam, ham, missed_spam, false_positives } = counts;
            csv.push_str(&format!("{site},{},{spam},{ham},{missed_spam},{false_positives},false\n", counts.all()));
        }
        return Answer::text(csv);
    }
    let row = json!({
        "site": site,
        "api_calls": counts.all().to_string(),
        "spam": counts.spam.to_string(),
        "ham": counts.ham.to_string(),
        "missed_spam": counts.missed_spam.to_string(),
        "false_positives": counts.false_positives.to_string(),
        "is_revoked": false,
    });
    let rows = if is_shown { vec![row] } else { Vec::new() };
    Answer::json(&json!({ name: rows, "limit": limit, "offset": offset, "total": 1 }))
}

async fn with_sender(request: &Request, answer: impl AsyncFnOnce(SiteKey) -> Result<Value, StoreError>) -> Answer {
    let sender = match request.sender().await {
        Ok(sender) => sender,
        Err(why) => return Answer::invalid(why),
    };
    match answer(sender).await {
        Ok(value) => Answer::json(&value),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &StoreError) -> Answer {
    tracing::warn!("counts cannot be read: {error:?}");
    Answer::invalid("the service cannot count at the moment; try again")
}

/// The month that a time is in: when it began, and its name.
fn month_of(time: Timestamp) -> (Timestamp, String) {
    let name = time.strftime("%Y-%m").to_string();
    (month_named(Some(&name)).map_or(time, |(begin, _)| begin), name)
}

fn month_named(name: Option<&str>) -> Option<(Timestamp, String)> {
    let name = name?;
    let first: Date = format!("{name}-01").parse().ok()?;
    let begin = first.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some((begin, name.to_owned()))
}

fn month_after(begin: Timestamp) -> Timestamp {
    month_of(begin + SignedDuration::from_hours(32 * 24)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end_where_the_calendar_says() {
        let (begin, name) = month_of("2026-02-27T12:00:00Z".parse().expect("a time"));
        assert_eq!((begin.to_string().as_str(), name.as_str()), ("2026-02-01T00:00:00Z", "2026-02"));
        assert_eq!(month_after(begin).to_string(), "2026-03-01T00:00:00Z");
        assert!(month_named(Some("2026-13")).is_none() && month_named(Some("last")).is_none());
    }

    #[test]
    fn accuracy_is_what_was_not_corrected() {
        let counts = UsageCounts { spam: 60, ham: 40, missed_spam: 3, false_positives: 2 };
        assert_eq!(figures(&counts, None)["accuracy"], "95.00");
        assert_eq!(figures(&UsageCounts::default(), None)["accuracy"], "100.00");
    }
}
