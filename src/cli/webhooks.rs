//! `moderato webhook …`: where sites are told what was decided.

use jiff::{SignedDuration, Timestamp};

use super::sites::site_named;
use super::{open, print_line};
use crate::config::Config;
use crate::id::EventId;
use crate::store::{Site, Store, Webhook};
use crate::webhooks::{self, Courier, Secret};
use crate::worker;

/// How long an old secret signs beside the new one.
pub(crate) const OLD_SECRET_LIVES: SignedDuration = SignedDuration::from_hours(24);
/// Longest wait before a moderator's decision is sent, in seconds.
pub(crate) const MAX_HOLD: i64 = 3_600;
/// Attempts that `show` lists.
const SHOWN: usize = 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum WebhookCommand {
    /// Set where a site is told; prints the secret of a new webhook, which is not shown again
    Set {
        /// The site
        #[arg(long)]
        site: String,
        /// The address, with https://
        url: String,
        /// Seconds that a moderator's decision waits, so that taking it back never reaches the site
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(0..=MAX_HOLD))]
        hold: i64,
    },
    /// Print a new secret; the one before signs too for another 24 hours
    Rotate {
        /// The site
        #[arg(long)]
        site: String,
    },
    /// The webhook, what is on its way, and the latest attempts
    Show {
        /// The site
        #[arg(long)]
        site: String,
    },
    /// Send a test now and say what came of it
    Test {
        /// The site
        #[arg(long)]
        site: String,
    },
    /// Send events again, those that were given up too
    Replay {
        /// The site
        #[arg(long)]
        site: String,
        /// From this time on, such as 2026-11-22T10:00:00Z
        #[arg(long, required_unless_present = "from", conflicts_with = "from")]
        since: Option<Timestamp>,
        /// From this event on: a webhook-id, or the id of an event
        #[arg(long)]
        from: Option<String>,
    },
    /// Take the webhook away, and what is on its way to it
    Remove {
        /// The site
        #[arg(long)]
        site: String,
    },
}

pub(super) async fn run(config: Config, command: WebhookCommand) -> anyhow::Result<()> {
    let store = open(&config).await?;
    let done = execute(&store, &config, command).await;
    store.close().await;
    done
}

async fn execute(store: &Store, config: &Config, command: WebhookCommand) -> anyhow::Result<()> {
    let now = crate::clock::now();
    match command {
        WebhookCommand::Set { site, url, hold } => {
            let site = site_named(store, &site).await?;
            let target = webhooks::target::Target::parse(&url, &config.webhook_networks).map_err(anyhow::Error::msg)?;
            let has_secret = store.webhook(site.id).await?.is_some_and(|webhook| webhook.secret.is_some());
            let secret = (!has_secret).then(Secret::fresh);
            store.set_webhook(site.id, target.url.into(), secret.clone(), SignedDuration::from_secs(hold)).await?;
            until_known().await;
            if let Some(secret) = secret {
                print_line(&secret.reveal())?;
            }
        }
        WebhookCommand::Rotate { site } => {
            let (site, _) = webhook_of(store, &site).await?;
            let secret = Secret::fresh();
            store.rotate_webhook_secret(site.id, secret.clone(), now + OLD_SECRET_LIVES).await?;
            print_line(&secret.reveal())?;
        }
        WebhookCommand::Show { site } => {
            let (site, webhook) = webhook_of(store, &site).await?;
            show(store, &site, &webhook).await?;
        }
        WebhookCommand::Test { site } => {
            let (_, webhook) = webhook_of(store, &site).await?;
            let answer = webhooks::test(store, &Courier::new(&config.webhook_networks)?, &webhook, now).await?;
            match answer.error {
                None => print_line(&format!("delivered in {} ms", answer.took.as_millis()))?,
                Some(error) => anyhow::bail!("not delivered: {error}"),
            }
        }
        WebhookCommand::Replay { site, since, from } => {
            let (site, webhook) = webhook_of(store, &site).await?;
            if let Some((_, reason)) = webhook.off {
                anyhow::bail!("the webhook is switched off ({reason}); `moderato webhook set` switches it on");
            }
            let from = match (since, from) {
                (_, Some(text)) => event_named(&text)?,
                (Some(since), None) => EventId(crate::id::floor(since)),
                (None, None) => anyhow::bail!("--since or --from is needed"),
            };
            let events = store.replay_deliveries(site.id, from, now).await?;
            print_line(&format!("{events} events will be sent again"))?;
        }
        WebhookCommand::Remove { site } => {
            let site = site_named(store, &site).await?;
            store.remove_webhook(site.id).await?;
            until_known().await;
        }
    }
    Ok(())
}

/// An event by its own id or by the `webhook-id` that told of it.
pub(crate) fn event_named(text: &str) -> anyhow::Result<EventId> {
    let text = text.trim();
    text.strip_prefix("msg_").unwrap_or(text).parse().map_err(|error| anyhow::anyhow!("{text:?}: {error}"))
}

/// Running services look for changes this often; after two looks all know.
async fn until_known() {
    tokio::time::sleep(2 * worker::DIRECTORY_EVERY).await;
}

async fn webhook_of(store: &Store, site: &str) -> anyhow::Result<(Site, Webhook)> {
    let site = site_named(store, site).await?;
    let webhook = store.webhook(site.id).await?;
    let webhook =
        webhook.ok_or_else(|| anyhow::anyhow!("{:?} has no webhook; `moderato webhook set` makes one", site.name))?;
    Ok((site, webhook))
}

async fn show(store: &Store, site: &Site, webhook: &Webhook) -> anyhow::Result<()> {
    let counts = store.outbox_counts(Some(site.id)).await?;
    let state = webhook.off.as_ref().map_or("on".to_owned(), |(at, why)| format!("off since {at:.0} ({why})"));
    let (url, hold) = (&webhook.url, webhook.hold.as_secs());
    print_line(&format!("{url}\t{state}\thold {hold} s\tpending {}\tdead {}", counts.pending, counts.dead))?;
    for attempt in store.delivery_log(site.id, SHOWN).await? {
        let status = attempt.status.map_or("-".to_owned(), |status| status.to_string());
        let error = attempt.error.unwrap_or_default();
        print_line(&format!(
            "{:.0}\t{}\t{}\t{status}\t{} ms\t{error}",
            attempt.at,
            webhooks::webhook_id(attempt.event),
            attempt.result,
            attempt.took_ms
        ))?;
    }
    Ok(())
}
