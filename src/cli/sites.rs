//! `moderato site …` and `moderato key …`.

use jiff::Timestamp;
use url::Url;

use super::{open, print_line};
use crate::config::Config;
use crate::id::{KeyId, SiteId};
use crate::store::{ApiKey, Scopes, Site, Store, StoreError};
use crate::worker;

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
    }
    store.close().await;
    Ok(())
}

pub(super) async fn key(config: Config, command: KeyCommand) -> anyhow::Result<()> {
    let store = open(&config).await?;
    match command {
        KeyCommand::Create { site, scopes } => {
            let site = site_named(&store, &site).await?;
            let (text, key) = new_key(site.id, scopes, crate::clock::now());
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

/// A new key of a site: the text that is shown once, and what is stored.
pub(super) fn new_key(site: SiteId, scopes: Scopes, now: Timestamp) -> (String, ApiKey) {
    ApiKey::fresh(site, scopes, now)
}
