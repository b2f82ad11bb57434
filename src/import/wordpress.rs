//! WordPress' export (WXR): comments stand inside the item that they were written on.

use super::xml::{Document, Piece};
use super::{Comments, Found, ImportError, Input, Standing, fitted, time};
use crate::comment::Submission;

/// Types of comments that were written by somebody; shops keep their notes on orders in the same table.
const TYPES: [&str; 4] = ["", "comment", "trackback", "pingback"];

/// Reads an export.
pub(super) struct Reader {
    document: Document,
    page: Option<String>,
    page_title: Option<String>,
    comment: Option<Draft>,
    /// Inside of `wp:commentmeta`, whose elements are no fields of the comment.
    in_meta: bool,
}

#[derive(Default)]
struct Draft {
    submission: Submission,
    id: String,
    parent: String,
    approved: String,
    kind: String,
    date: String,
    date_gmt: String,
}

impl Reader {
    pub(super) fn new(input: Input) -> Self {
        Self { document: Document::new(input), page: None, page_title: None, comment: None, in_meta: false }
    }

    fn field(&mut self, name: &str, text: String) {
        let Some(draft) = self.comment.as_mut().filter(|_| !self.in_meta) else {
            match name {
                "link" => self.page = Some(text),
                "title" => self.page_title = Some(text),
                _ => {}
            }
            return;
        };
        let submission = &mut draft.submission;
        match name {
            "wp:comment_id" => draft.id = text,
            "wp:comment_parent" => draft.parent = text,
            "wp:comment_approved" => draft.approved = text,
            "wp:comment_type" => draft.kind = text,
            "wp:comment_date" => draft.date = text,
            "wp:comment_date_gmt" => draft.date_gmt = text,
            "wp:comment_author" => submission.name = Some(text),
            "wp:comment_author_email" => submission.email = Some(text),
            "wp:comment_author_url" => submission.url = Some(text),
            "wp:comment_author_IP" => submission.ip = text.trim().parse().ok(),
            "wp:comment_content" => submission.text = text,
            _ => {}
        }
    }

    /// A whole comment, if it is one that somebody wrote.
    fn found(&self, draft: Draft) -> Result<Option<Found>, ImportError> {
        if !TYPES.contains(&draft.kind.trim()) || draft.submission.text.trim().is_empty() {
            return Ok(None);
        }
        let approved = draft.approved.trim();
        // What WordPress keeps while its post lies in the trash was published.
        let standing = match approved.strip_prefix("post-").map_or(approved, |_| "1") {
            "trash" => Some(Standing::Removed),
            word => Standing::parse(word),
        };
        let id = draft.id.trim();
        let standing =
            standing.ok_or_else(|| self.document.error(format!("comment {id} is {approved:?}, which is no status")))?;
        let at = [&draft.date_gmt, &draft.date]
            .into_iter()
            .filter(|date| !date.starts_with("0000"))
            .find_map(|date| time(date));
        let created_at = at.ok_or_else(|| self.document.error(format!("comment {id} has no time")))?;
        let mut submission = draft.submission;
        submission.external_id = Some(format!("wp-{id}"));
        submission.page = self.page.clone();
        submission.page_title = self.page_title.clone();
        let parent = Some(draft.parent.trim()).filter(|parent| !parent.is_empty() && *parent != "0");
        Ok(Some(Found {
            submission: fitted(submission),
            parent: parent.map(|id| format!("wp-{id}")),
            standing,
            created_at,
        }))
    }
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        loop {
            match self.document.next()? {
                Piece::Begin(name, _) => match name.as_str() {
                    "wp:comment" => self.comment = Some(Draft::default()),
                    "wp:commentmeta" => self.in_meta = true,
                    "item" => (self.page, self.page_title) = (None, None),
                    "rss" | "channel" => {}
                    _ if self.document.depth() == 1 => {
                        return Err(self.document.error("this is no export of WordPress"));
                    }
                    _ => {}
                },
                Piece::End(name, text) => match name.as_str() {
                    "wp:commentmeta" => self.in_meta = false,
                    "wp:comment" => {
                        if let Some(draft) = self.comment.take()
                            && let Some(found) = self.found(draft)?
                        {
                            return Ok(Some(found));
                        }
                    }
                    _ => self.field(&name, text),
                },
                Piece::Done => return Ok(None),
            }
        }
    }
}
