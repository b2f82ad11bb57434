//! XML as exports of comments use it: read as a stream, with nothing in it that could grow.
//!
//! Entities of a document are not known, so none can multiply; an element that is longer than any comment is refused.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::{ImportError, Input};

/// Longest piece of markup or text, in bytes.
const MAX_PIECE: usize = 8 << 20;
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;

/// What a reader of a format has to do with.
pub(super) enum Piece {
    /// An element begins, under this name and with this value of `dsq:id`.
    Begin(String, Option<String>),
    /// An element ends; its text, without that of elements inside.
    End(String, String),
    /// The document ends.
    Done,
}

/// Lets no more than [`MAX_PIECE`] bytes through before it is told that a piece was complete.
struct Metered {
    input: Input,
    since: Arc<AtomicUsize>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since.load(Ordering::Relaxed) > MAX_PIECE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("an element is longer than {MAX_PIECE} bytes"),
            ));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.since.fetch_add(n, Ordering::Relaxed);
        self.input.consume(n);
    }
}

/// Reads a document piece by piece.
pub(super) struct Document {
    reader: Reader<Metered>,
    since: Arc<AtomicUsize>,
    buffer: Vec<u8>,
    /// The text of each open element.
    open: Vec<(String, String)>,
    /// The end of an element that was written as one tag.
    pending: Option<String>,
    /// Whether anything was in it.
    seen: bool,
}

impl Document {
    pub(super) fn new(input: Input) -> Self {
        let since = Arc::new(AtomicUsize::new(0));
        let mut reader = Reader::from_reader(Metered { input, since: since.clone() });
        reader.config_mut().check_end_names = true;
        Self { reader, since, buffer: Vec::new(), open: Vec::new(), pending: None, seen: false }
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// An error at the place that was reached.
    pub(super) fn error(&self, detail: impl ToString) -> ImportError {
        let at = self.reader.buffer_position().max(self.reader.error_position());
        ImportError::Content { place: format!("byte {at}"), detail: detail.to_string() }
    }

    pub(super) fn next(&mut self) -> Result<Piece, ImportError> {
        if let Some(name) = self.pending.take() {
            return Ok(Piece::End(name, String::new()));
        }
        loop {
            self.buffer.clear();
            self.since.store(0, Ordering::Relaxed);
            let mut buffer = std::mem::take(&mut self.buffer);
            let piece = self.read(&mut buffer);
            self.buffer = buffer;
            if let Some(piece) = piece? {
                return Ok(piece);
            }
        }
    }

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Piece>, ImportError> {
        let event = match self.reader.read_event_into(buffer) {
            Ok(event) => event,
            Err(error) => return Err(self.error(error)),
        };
        let not_utf8 = "it is not UTF-8";
        match event {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                let id = tag.try_get_attribute("dsq:id").ok().flatten();
                let id = id.map(|id| String::from_utf8_lossy(&id.value).into_owned());
                if self.open.len() >= MAX_DEPTH {
                    return Err(self.error(format!("elements are nested deeper than {MAX_DEPTH}")));
                }
                self.seen = true;
                self.open.push((name.clone(), String::new()));
                Ok(Some(Piece::Begin(name, id)))
            }
            Event::Empty(tag) => {
                let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                let id = tag.try_get_attribute("dsq:id").ok().flatten();
                let id = id.map(|id| String::from_utf8_lossy(&id.value).into_owned());
                self.pending = Some(name.clone());
                Ok(Some(Piece::Begin(name, id)))
            }
            Event::End(_) => Ok(self.open.pop().map(|(name, text)| Piece::End(name, text))),
            Event::Text(text) => {
                let text = text.decode().map(|text| text.into_owned()).map_err(|_| self.error(not_utf8))?;
                self.add(&text)
            }
            Event::CData(text) => {
                let text = text.decode().map(|text| text.into_owned()).map_err(|_| self.error(not_utf8))?;
                self.add(&text)
            }
            Event::GeneralRef(entity) => {
                let known = match entity.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    _ => match &*entity {
                        b"amp" => "&".to_owned(),
                        b"lt" => "<".to_owned(),
                        b"gt" => ">".to_owned(),
                        b"quot" => "\"".to_owned(),
                        b"apos" => "'".to_owned(),
                        // What a document defines for itself stays as it is written.
                        other => format!("&{};", String::from_utf8_lossy(other)),
                    },
                };
                self.add(&known)
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().and_then(Result::ok);
                match encoding.as_deref().map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()) {
                    Some(name) if name != "utf-8" && name != "us-ascii" => Err(self.error(format!(
                        "it is written in {name}; convert it first, such as by `iconv -f {name} -t utf-8`"
                    ))),
                    _ => Ok(None),
                }
            }
            Event::DocType(doctype) if doctype.windows(8).any(|part| part.eq_ignore_ascii_case(b"<!ENTITY")) => {
                Err(self.error("it defines entities, which no export of comments does"))
            }
            Event::Eof if !self.open.is_empty() => Err(self.error("it ends too early: the file was cut off")),
            Event::Eof if !self.seen => Err(self.error("there is no XML in it")),
            Event::Eof => Ok(Some(Piece::Done)),
            Event::DocType(_) | Event::Comment(_) | Event::PI(_) => Ok(None),
        }
    }

    fn add(&mut self, text: &str) -> Result<Option<Piece>, ImportError> {
        if let Some((_, inside)) = self.open.last_mut() {
            inside.push_str(text);
            if inside.len() > MAX_PIECE {
                return Err(self.error(format!("an element is longer than {MAX_PIECE} bytes")));
            }
        }
        Ok(None)
    }
}
