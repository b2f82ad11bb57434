//! `moderato export` and `moderato import`: comments as JSON lines, with verdict, facts and status.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::operate::existing;
use super::sites::site_named;
use super::{open, print_line};
use crate::comment::{Comment, Submission};
use crate::config::Config;
use crate::dataset::MAX_LINE;
use crate::facts::Facts;
use crate::id::{CommentId, SiteId};
use crate::recent;
use crate::store::{CommentFilter, Recording, Store, StoreError, StoredComment};
use crate::verdict::{Status, Verdict};

/// Comments that are read at once for an export.
const PAGE: usize = 500;

/// A comment on its way from one store to another.
#[derive(Serialize, Deserialize)]
struct Line {
    site: String,
    id: CommentId,
    created_at: Timestamp,
    status: Status,
    submission: Submission,
    verdict: Verdict,
    facts: Facts,
}

pub(super) async fn export(config: Config, site: Option<String>) -> anyhow::Result<()> {
    let store = existing(&config).await?;
    let sites = store.sites().await?;
    let mut filter = CommentFilter::default();
    if let Some(name) = &site {
        filter.site = Some(site_named(&store, name).await?.id);
    }
    let mut after = None;
    loop {
        let page = store.comments(&filter, after, PAGE).await?;
        for comment in page.items {
            let site = sites.iter().find(|site| site.id == comment.site).map_or("", |site| &site.name);
            print_line(&serde_json::to_string(&line(site, comment))?)?;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    store.close().await;
    Ok(())
}

fn line(site: &str, comment: StoredComment) -> Line {
    let StoredComment { id, created_at, status, submission, verdict, facts, .. } = comment;
    Line { site: site.to_owned(), id, created_at, status, submission, verdict, facts }
}

/// Whether a file of JSON lines is what `moderato export` writes: every line of it has a verdict.
pub(super) fn is_export(file: &Path) -> bool {
    let Ok(opened) = std::fs::File::open(file) else { return false };
    let mut line = Vec::new();
    let read = BufReader::new(opened).take(MAX_LINE as u64).read_until(b'\n', &mut line);
    let fields = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&line);
    read.is_ok() && fields.is_ok_and(|fields| fields.contains_key("verdict"))
}

/// Reads comments into a site. What is there already is left as it is, so a run that broke off is simply repeated.
pub(super) async fn import(config: Config, file: PathBuf, site: String) -> anyhow::Result<()> {
    let opened = std::fs::File::open(&file).with_context(|| format!("opening {}", file.display()))?;
    let bar = ProgressBar::new(opened.metadata()?.len())
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {eta} left")?);
    let store = open(&config).await?;
    let site = site_named(&store, &site).await?.id;
    let (mut taken, mut known) = (0u64, 0u64);
    for (n, text) in BufReader::new(bar.wrap_read(opened)).lines().enumerate() {
        let place = || format!("{}, line {}; what comes before it is imported", file.display(), n + 1);
        let line: Line = serde_json::from_str(&text.with_context(place)?).with_context(place)?;
        match take(&store, site, line).await {
            Ok(()) => taken += 1,
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::Exists)) => known += 1,
            Err(error) => return Err(error.context(place())),
        }
    }
    bar.finish_and_clear();
    store.close().await;
    eprintln!("imported {taken} comments; {known} were there already");
    Ok(())
}

async fn take(store: &Store, site: SiteId, line: Line) -> anyhow::Result<()> {
    let mut comment = Comment::from_submission(site, line.submission, line.created_at);
    comment.id = line.id;
    let fingerprint = recent::fingerprint(&comment) as i64;
    let recording = Recording::new(comment, fingerprint, &line.facts, line.verdict, false, None)?;
    store.record(recording.with_status(line.status)).await?;
    Ok(())
}
