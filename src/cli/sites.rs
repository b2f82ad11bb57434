//! `moderato site …` and `moderato key …`.

use std::io::Read;

use jiff::Timestamp;
use url::Url;

use super::{open, print_line};
use crate::config::Config;
use crate::id::{KeyId, SiteId};
use crate::store::{ApiKey, Scope, Scopes, Site, Store, StoreError};
use crate::{secrets, worker};

#[derive(Debug, clap::Subcommand)]
pub(super) enum SiteCommand {
    /// Make a site
    Create {
        /// What people call it
        name: String,
        /// Its front page
        #[arg(long)]
        url: Url,
    },
    /// All sites
    List,
    /// Let a site's Coral ask before it publishes; prints the address for its external moderation phase
    Coral {
        /// The site
        #[arg(long)]
        site: String,
        /// Read the signing secret, which Coral shows for the phase, from standard input
        #[arg(long, required = true)]
        secret_stdin: bool,
        /// Keep the earlier secrets in force as well, while Coral replaces one
        #[arg(long)]
        keep: bool,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key and print it; it is not shown again
    Create {
        /// The site it belongs to
        #[arg(long)]
        site: String,
        /// What it may do: submit, read, moderate, admin
        #[arg(long, default_value = "submit")]
        scopes: Scopes,
        /// A key of 12 characters for the Akismet-compatible API; it may check and submit, nothing else
        #[arg(long, conflicts_with = "scopes")]
        akismet: bool,
    },
    /// All keys, without their secrets
    List,
    /// Revoke a key for good; in force when the command ends
    Revoke {
        /// Its id, as `key list` shows it
        id: KeyId,
    },
}

pub(super) async fn site(config: Config, command: SiteCommand) -> anyhow::Result<()> {
    let store = open(&config).await?;
    match command {
        SiteCommand::Create { name, url } => create_site(&store, name, &url).await?,
        SiteCommand::List => {
            for site in store.sites().await? {
                print_line(&format!("{}\t{}\t{}", site.id, site.name, site.url.unwrap_or_default()))?;
            }
        }
        SiteCommand::Coral { site, keep, .. } => {
            let site = site_named(&store, &site).await?;
            add_coral_secret(&store, site.id, !keep).await?;
            let base =
                config.public_url.as_ref().map_or(String::new(), |url| url.as_str().trim_end_matches('/').to_owned());
            print_line(&format!("{base}/integrations/coral/{}", site.id))?;
        }
    }
    store.close().await;
    Ok(())
}

pub(super) async fn key(config: Config, command: KeyCommand) -> anyhow::Result<()> {
    let store = open(&config).await?;
    match command {
        KeyCommand::Create { site, scopes, akismet } => {
            let site = site_named(&store, &site).await?;
            let now = crate::clock::now();
            let (text, key) = if akismet { new_short_key(site.id, now) } else { new_key(site.id, scopes, now) };
            store.create_key(key).await?;
            print_line(&text)?;
        }
        KeyCommand::List => list_keys(&store).await?,
        KeyCommand::Revoke { id } => {
            anyhow::ensure!(
                store.revoke_key(id, crate::clock::now()).await?,
                "there is no key {id}, or it was revoked before"
            );
            // Running services look for changes this often; after two looks none knows the key any more.
            tokio::time::sleep(2 * worker::DIRECTORY_EVERY).await;
        }
    }
    store.close().await;
    Ok(())
}

async fn add_coral_secret(store: &Store, site: SiteId, is_only: bool) -> anyhow::Result<()> {
    let mut secret = String::new();
    std::io::stdin().lock().take(4_096).read_to_string(&mut secret)?;
    let secret = secret.trim();
    anyhow::ensure!(secret.len() >= 16, "the signing secret on standard input is too short: copy it from Coral");
    store.add_coral_secret(site, secret.to_owned(), is_only, crate::clock::now()).await?;
    Ok(())
}

async fn create_site(store: &Store, name: String, url: &Url) -> anyhow::Result<()> {
    anyhow::ensure!(!name.trim().is_empty() && name.chars().count() <= 100, "a name of 1 to 100 characters is needed");
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https"),
        "{url} is no web address: it must begin with https:// or http://"
    );
    let now = crate::clock::now();
    let site = Site {
        id: SiteId::fresh(now),
        name: name.clone(),
        url: Some(url.to_string()),
        webhook_url: None,
        created_at: now,
    };
    let id = site.id;
    store.create_site(site).await.map_err(|error| match error {
        StoreError::Exists => anyhow::anyhow!("there is a site {name:?} already; `moderato site list` shows all"),
        error => error.into(),
    })?;
    print_line(&id.to_string())?;
    Ok(())
}

async fn list_keys(store: &Store) -> anyhow::Result<()> {
    let sites = store.sites().await?;
    for key in store.keys().await? {
        let site = sites.iter().find(|site| site.id == key.site).map_or("?", |site| &site.name);
        let state = key.revoked_at.map_or("in force".to_owned(), |at| format!("revoked {at:.0}"));
        print_line(&format!("{}\t{site}\t{}\t…{}\t{:.0}\t{state}", key.id, key.scopes, key.hint, key.created_at))?;
    }
    Ok(())
}

/// The site of this name.
pub(super) async fn site_named(store: &Store, name: &str) -> anyhow::Result<Site> {
    let site = store.sites().await?.into_iter().find(|site| site.name == name);
    site.ok_or_else(|| anyhow::anyhow!("there is no site {name:?}; `moderato site list` shows all"))
}

/// A new key for the Akismet-compatible API: the text that is shown once, and what is stored.
fn new_short_key(site: SiteId, now: Timestamp) -> (String, ApiKey) {
    let text = secrets::short_key();
    let hint = text[text.len() - 2..].to_owned();
    let digest = secrets::digest(&text);
    let scopes = Scopes::new(vec![Scope::Submit]);
    (text, ApiKey { id: KeyId::fresh(now), site, digest, scopes, hint, created_at: now, revoked_at: None })
}

/// A new key of a site: the text that is shown once, and what is stored.
pub(super) fn new_key(site: SiteId, scopes: Scopes, now: Timestamp) -> (String, ApiKey) {
    ApiKey::fresh(site, scopes, now)
}
