//! Disqus' export: first all pages as threads, then all comments as posts, which name their thread.

use std::collections::HashMap;

use super::xml::{Document, Piece};
use super::{Comments, Found, ImportError, Input, Standing, fitted, time};
use crate::comment::Submission;

/// Reads an export.
pub(super) struct Reader {
    document: Document,
    /// Address and title of each page: as many as the site has pages.
    pages: HashMap<String, (Option<String>, Option<String>)>,
    thread: Option<(String, Option<String>, Option<String>)>,
    post: Option<Draft>,
    in_author: bool,
}

#[derive(Default)]
struct Draft {
    submission: Submission,
    id: String,
    thread: String,
    parent: Option<String>,
    created_at: String,
    is_deleted: bool,
    is_spam: bool,
}

impl Reader {
    pub(super) fn new(input: Input) -> Self {
        Self { document: Document::new(input), pages: HashMap::new(), thread: None, post: None, in_author: false }
    }

    fn begin(&mut self, name: &str, id: Option<String>) -> Result<(), ImportError> {
        let id = id.unwrap_or_default();
        match (name, &mut self.post) {
            ("thread", Some(post)) => post.thread = id,
            ("parent", Some(post)) => post.parent = Some(id),
            ("author", Some(_)) => self.in_author = true,
            ("thread", None) => self.thread = Some((id, None, None)),
            ("post", None) => self.post = Some(Draft { id, ..Draft::default() }),
            ("disqus", _) => {}
            _ if self.document.depth() <= 1 => return Err(self.document.error("this is no export of Disqus")),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: String) -> Result<Option<Found>, ImportError> {
        if let Some(post) = &mut self.post {
            match name {
                "message" => post.submission.text = text,
                "createdAt" => post.created_at = text,
                "isDeleted" => post.is_deleted = text.trim() == "true",
                "isSpam" => post.is_spam = text.trim() == "true",
                "ipAddress" => post.submission.ip = text.trim().parse().ok(),
                "name" if self.in_author => post.submission.name = Some(text),
                "email" if self.in_author => post.submission.email = Some(text),
                "author" => self.in_author = false,
                "post" => {
                    if let Some(post) = self.post.take() {
                        return self.found(post);
                    }
                }
                _ => {}
            }
        } else if let Some((_, link, title)) = &mut self.thread {
            match name {
                "link" => *link = Some(text),
                "title" => *title = Some(text),
                "thread" => {
                    if let Some((id, link, title)) = self.thread.take() {
                        self.pages.insert(id, (link, title));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn found(&self, post: Draft) -> Result<Option<Found>, ImportError> {
        let mut submission = post.submission;
        if submission.text.trim().is_empty() {
            return Ok(None);
        }
        let created_at = time(&post.created_at);
        let created_at = created_at.ok_or_else(|| self.document.error(format!("post {} has no time", post.id)))?;
        let standing = match (post.is_spam, post.is_deleted) {
            (true, _) => Standing::Spam,
            (false, true) => Standing::Removed,
            (false, false) => Standing::Published,
        };
        (submission.page, submission.page_title) = self.pages.get(&post.thread).cloned().unwrap_or_default();
        submission.external_id = Some(format!("disqus-{}", post.id));
        let parent = post.parent.map(|id| format!("disqus-{id}"));
        Ok(Some(Found { submission: fitted(submission), parent, standing, created_at }))
    }
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        loop {
            match self.document.next()? {
                Piece::Begin(name, id) => self.begin(&name, id)?,
                Piece::End(name, text) => {
                    if let Some(found) = self.end(&name, text)? {
                        return Ok(Some(found));
                    }
                }
                Piece::Done => return Ok(None),
            }
        }
    }
}
