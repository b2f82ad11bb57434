//! `moderato import`: a site's history from another system, and the report about it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::open;
use super::sites::site_named;
use super::train::with_progress;
use crate::classifier::file::write_whole;
use crate::classifier::training::{self, Choices, Settings};
use crate::classifier::{HeadKind, Model};
use crate::config::Config;
use crate::import::{self, Source, report, taking::Taking};
use crate::policy::Policy;
use crate::store::{Directory, Site, Store};

/// Reads a file into a site, and says what the service would have made of it.
pub(super) async fn import(
    config: Config,
    source: Source,
    file: PathBuf,
    site: String,
    page: Option<PathBuf>,
) -> anyhow::Result<()> {
    let model = super::evaluate::model(config.models.as_deref())?;
    let store = open(&config).await?;
    let done = run(&store, &model, source, &file, &site, page.as_deref()).await;
    store.close().await;
    done
}

async fn run(
    store: &Store,
    model: &Model,
    source: Source,
    file: &Path,
    site: &str,
    page: Option<&Path>,
) -> anyhow::Result<()> {
    let site = site_named(store, site).await?;
    let directory = store.directory(&Directory::default()).await?;
    let built_in = Policy::built_in();
    let entry = directory.sites.get(&site.id);
    let policy = entry.map_or(&built_in, |entry| &entry.policy);
    let bar = bar(source)?;
    let opened = import::open(source, file, &bar).await;
    let mut comments = opened.with_context(|| format!("reading {}", file.display()))?;
    let mut taking = Taking::new(store, site.id, policy, Some(model), crate::clock::now());
    let outcome = taking.all(comments.as_mut()).await;
    bar.finish_and_clear();
    let taken = taking.taken();
    eprintln!(
        "imported {} comments, {} with a label; {} were there already",
        taken.stored, taken.labelled, taken.known
    );
    outcome.with_context(|| {
        format!(
            "{}: what comes before is imported; run it again when the file is whole, and it goes on there",
            file.display()
        )
    })?;
    tell(store, &site, model, page).await
}

fn bar(source: Source) -> anyhow::Result<ProgressBar> {
    let template = match source {
        Source::Isso => "{wide_bar} {pos}/{len} comments  {eta} left",
        _ => "{wide_bar} {bytes}/{total_bytes}  {eta} left",
    };
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(template)?);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    Ok(bar)
}

async fn tell(store: &Store, site: &Site, model: &Model, page: Option<&Path>) -> anyhow::Result<()> {
    let history = report::history(store, site.id).await?;
    let rows: Vec<_> = history.iter().map(|(_, row)| row.clone()).collect();
    let steps = training::steps(&rows, &HeadKind::ALL.map(|kind| Choices::none(Settings::of(kind))));
    drop(rows);
    let done = AtomicU64::new(0);
    match with_progress("learning", steps, &done, || report::make(history, model, &done)) {
        Ok(made) => {
            println!("{}", made.text());
            if let Some(path) = page {
                write_whole(path, made.page(&site.name)?.as_bytes())?;
                eprintln!("\nthe report with plots is in {}", path.display());
            }
            Ok(())
        }
        Err(why @ report::NoReport::TooSmall { .. }) => {
            eprintln!("no report: {why}");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
