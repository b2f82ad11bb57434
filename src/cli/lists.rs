//! `moderato lists`: which domain lists are in use, and other ones in their place.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::print_line;
use crate::config::Config;
use crate::lists::{self, Kind, List, ListError};

#[derive(Debug, clap::Subcommand)]
pub(super) enum ListsCommand {
    /// Put a list from a file in place of the one that comes with the service, from its next start on
    Import {
        /// Which list
        name: Name,
        /// Domains, one a line; # begins a comment
        file: PathBuf,
    },
}

/// A list, as it is named on the command line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name(Kind);

impl clap::ValueEnum for Name {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Kind::DisposableEmailDomains), Self(Kind::UrlShorteners)]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.as_str()))
    }
}

pub(super) fn run(config: &Config, command: Option<ListsCommand>) -> anyhow::Result<()> {
    let dir = config.lists_dir();
    match command {
        None => show(&dir),
        Some(ListsCommand::Import { name, file }) => import(name.0, &file, &dir),
    }
}

/// The lists of the data directory, where there are any, in place of the shipped ones; says what cannot be used.
pub(super) fn use_imported(config: &Config) {
    for error in lists::use_directory(&config.lists_dir()) {
        eprintln!("a list cannot be used, the one that comes with the service is: {error}");
    }
}

/// A line for each list: name, entries, date, licence, source, and the file where it was imported.
fn show(dir: &Path) -> anyhow::Result<()> {
    print_line("name\tentries\tdate\tlicence\tsource\tfile")?;
    let mut faults = Vec::new();
    for kind in Kind::ALL {
        let (list, file) = in_use(kind, dir).unwrap_or_else(|error| {
            faults.push(error);
            (List::shipped(kind), None)
        });
        let [date, licence, source] =
            [list.date, list.licence, list.source].map(|said| said.unwrap_or_else(|| "-".to_owned()));
        let file = file.map_or_else(|| "shipped".to_owned(), |file| file.display().to_string());
        print_line(&format!("{}\t{}\t{date}\t{licence}\t{source}\t{file}", kind.as_str(), list.domains.len()))?;
    }
    match faults.into_iter().next() {
        None => Ok(()),
        Some(error) => Err(error).context("a list cannot be used, the one that comes with the service is"),
    }
}

fn in_use(kind: Kind, dir: &Path) -> Result<(List, Option<PathBuf>), ListError> {
    Ok(match List::imported(kind, dir)? {
        Some(list) => (list, Some(lists::path(kind, dir))),
        None => (List::shipped(kind), None),
    })
}

fn import(kind: Kind, file: &Path, dir: &Path) -> anyhow::Result<()> {
    let today = crate::clock::now().strftime("%Y-%m-%d").to_string();
    let checked = lists::import(kind, file, dir, &today)?;
    let entries = checked.list.domains.len();
    let folded = match checked.duplicates {
        0 => String::new(),
        n => format!(", {n} lines named one again"),
    };
    eprintln!(
        "{}: {entries} entries{folded}, written to {}; the service uses them from its next start on",
        kind.as_str(),
        lists::path(kind, dir).display()
    );
    Ok(())
}
