//! A table: a line of names, then a comment a line, as CSV.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};

use super::{Comments, Found, ImportError, Input, lines};

/// Reads a table.
pub(super) struct Reader {
    table: csv::Reader<Input>,
    /// Columns by name, in lower case.
    columns: HashMap<String, usize>,
    record: StringRecord,
}

impl Reader {
    pub(super) fn new(input: Input) -> Result<Self, ImportError> {
        let mut table = ReaderBuilder::new().flexible(false).from_reader(input);
        let names = table.headers().map_err(|error| broken(&error))?;
        let name = |text: &str| text.trim_start_matches('\u{feff}').trim().to_lowercase();
        let columns = names.iter().enumerate().map(|(at, text)| (name(text), at)).collect();
        Ok(Self { table, columns, record: StringRecord::new() })
    }
}

fn broken(error: &csv::Error) -> ImportError {
    let line = error.position().map_or(1, |position| position.line());
    ImportError::at_line(usize::try_from(line).unwrap_or_default(), error)
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        if !self.table.read_record(&mut self.record).map_err(|error| broken(&error))? {
            return Ok(None);
        }
        let get = |names: &[&str]| {
            let value = |name: &&str| self.record.get(*self.columns.get(*name)?);
            names.iter().find_map(value).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let line = self.record.position().map_or(0, |position| position.line());
        lines::found(get)
            .map(Some)
            .map_err(|detail| ImportError::at_line(usize::try_from(line).unwrap_or_default(), detail))
    }
}
