//! Made-up comments to look around with; one button loads them, another removes them without a trace.

use jiff::Timestamp;

use super::problem::Failure;
use crate::app::App;
use crate::comment::Submission;
use crate::id::{KeyId, SiteId};
use crate::pipeline::NotModerated;
use crate::store::Actor;

/// Name, text, website.
const SAMPLES: [(&str, &str, &str); 18] = [
    ("Ines", "Thanks for the detailed write-up. The second chart answered what I had asked last week.", ""),
    ("Karl", "Der Artikel verschweigt, dass die Brücke schon 2019 gesperrt war. Sonst gut recherchiert.", ""),
    (
        "Best Loans 24",
        "Get a l\u{43e}an in 5 minutes!!! No credit check, WhatsApp +1 555 010 9999",
        "https://easy-cash.example/loans",
    ),
    ("Noor", "I disagree with the headline, but the numbers in the text are right.", ""),
    (
        "Casino Bonus",
        "Great post! Visit my site for free spins and bonus http://spins.example http://bonus.example http://slots.example",
        "https://spins.example",
    ),
    ("Mateo", "¿Alguien sabe cuándo abren la nueva línea de autobús?", ""),
    ("", "first!!!!!!!!!!!!!!", ""),
    (
        "Priya",
        "My daughter goes to that school. The heating has been broken since October and nobody answers the phone.",
        "",
    ),
    (
        "crypto_mentor",
        "I earn $4,500 per week with Mr. Allen, contact him on Telegram @allen_trades, he changed my life",
        "",
    ),
    ("Olof", "You people are idiots and should be ashamed of this garbage.", ""),
    ("Sophie", "Source? The report you link says the opposite on page 14: https://city.example/report.pdf", ""),
    ("Ben", "WHY DOES NOBODY TALK ABOUT THE PARKING PROBLEM", ""),
    ("Yuki", "写真がとても綺麗です。ありがとうございました。", ""),
    (
        "SEO Expert",
        "Nice article, very informative. I will bookmark this site and share it with my friends.",
        "https://rank-now.example/seo-services",
    ),
    ("Dmitri", "Статья хорошая, но про цены ни слова.", ""),
    (
        "Get a loan",
        "Get a loan in 5 minutes!! No credit check, WhatsApp +1 555 010 9999",
        "https://easy-cash.example/apply",
    ),
    ("Amira", "مقال رائع، شكراً لكم على التوضيح.", ""),
    ("Tom", "Nobody is going to miss you if you leave this town, you pathetic liar.", ""),
];

/// Sends the made-up comments through the pipeline, as a website would.
pub(super) async fn load(app: &App, site: SiteId, now: Timestamp) -> Result<(), Failure> {
    let directory = app.directory();
    let entry = directory.sites.get(&site).ok_or(Failure::NotFound("site"))?;
    let key = KeyId::fresh(now);
    for (name, text, url) in SAMPLES {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let submission = Submission {
            name: filled(name),
            text: text.to_owned(),
            url: filled(url),
            page: Some("https://news.example/articles/42".to_owned()),
            page_title: Some("A made-up article".to_owned()),
            ..Submission::default()
        };
        match app.pipeline.moderate(entry, key, submission, None, now).await {
            Ok((judged, _)) => {
                if let Some(comment) = judged.id {
                    app.store.mark_sample(site, comment).await?;
                }
            }
            // Fewer made-up comments are no harm.
            Err(NotModerated::Limited(_)) => break,
            Err(NotModerated::Store(error)) => return Err(error.into()),
            Err(error) => return Err(anyhow::Error::from(error).into()),
        }
    }
    Ok(())
}

/// Erases the made-up comments.
pub(super) async fn remove(app: &App, actor: Actor, now: Timestamp) -> Result<(), Failure> {
    for (site, comment) in app.store.samples().await? {
        app.store.erase_comment(site, comment, &actor, now).await?;
        app.store.unmark_sample(site, comment).await?;
    }
    Ok(())
}
