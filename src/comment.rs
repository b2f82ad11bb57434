//! What a site sends, and what the pipeline judges.

use std::net::IpAddr;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use crate::concepts;
use crate::id::{CommentId, SiteId};
use crate::letters;
use crate::normalize::{self, Normalized};
use crate::rules::Cues;

/// Longest accepted name, in characters.
pub const MAX_NAME: usize = 245;
/// Longest accepted e-mail address, in characters.
pub const MAX_EMAIL: usize = 254;
/// Longest accepted address of an author's or a commented page, in characters.
pub const MAX_URL: usize = 2_048;
/// Longest accepted text, in characters.
pub const MAX_TEXT: usize = 20_000;
/// Longest accepted value of every other text field, in characters.
pub const MAX_OTHER: usize = 2_048;

/// A comment as the site sent it: checked for form, otherwise untouched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Submission {
    /// The author's name as typed.
    pub name: Option<String>,
    /// The author's e-mail address as typed.
    pub email: Option<String>,
    /// The comment itself; never empty.
    pub text: String,
    /// The author's website.
    pub url: Option<String>,
    /// Address of the page that is commented on.
    pub page: Option<String>,
    /// Title of that page.
    pub page_title: Option<String>,
    /// Address the author wrote from, as the site saw it.
    #[schema(value_type = Option<String>)]
    pub ip: Option<IpAddr>,
    /// The author's browser, in its own words.
    pub user_agent: Option<String>,
    /// The page the author came from.
    pub referrer: Option<String>,
    /// The site's or page's language, as a BCP 47 tag.
    pub locale: Option<String>,
    /// The site's own name for this comment; unique per site.
    pub external_id: Option<String>,
    /// The comment that this one answers.
    pub parent_id: Option<CommentId>,
    /// The author's role on the site, as the site asserts it.
    pub author_role: Option<String>,
    /// Value of a form field that people cannot see.
    pub honeypot: Option<String>,
    /// Milliseconds between showing the form and sending it.
    pub elapsed_ms: Option<u64>,
    /// When the author sent it, as the site says.
    #[serde(serialize_with = "crate::clock::optional_rfc3339")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub submitted_at: Option<Timestamp>,
}

impl Submission {
    /// Stands for the author in indexes: a hash of the e-mail address, or of the network address where there is no e-mail.
    pub fn author_hash(&self) -> Option<i64> {
        match (self.email.as_deref().filter(|email| !email.is_empty()), self.ip) {
            (Some(email), _) => Some(email_hash(email)),
            (None, Some(ip)) => Some(address_hash(ip)),
            (None, None) => None,
        }
    }

    /// Whether the same thing was written, whatever the circumstances of sending it.
    pub fn same_content(&self, other: &Self) -> bool {
        let content = |s: &Self| {
            [&s.name, &s.email, &s.url, &s.page, &s.external_id].map(|field| field.clone().unwrap_or_default())
        };
        self.text == other.text && self.parent_id == other.parent_id && content(self) == content(other)
    }
}

/// A submission in its normal form, on its way through the pipeline.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Its id, made before it is stored.
    pub id: CommentId,
    /// The site it belongs to.
    pub site: SiteId,
    /// When it arrived.
    pub created_at: Timestamp,
    /// What was sent, untouched.
    pub submission: Submission,
    /// The text as rules and classifier read it.
    pub body: Normalized,
    /// The name as rules and classifier read it.
    pub name: Normalized,
    /// The host of the author's website, if one was given; empty where that is no address.
    pub website: Option<String>,
    /// Which concepts the text names, in the reading with the least disguise.
    pub concepts: Vec<concepts::Hit>,
    /// Which expressions of rules can match the plain reading and the undone one.
    pub cues: [Cues; 2],
    /// See [`Comment::author_hash`] and [`Comment::text_hash`], once somebody has asked for them.
    author_hash: OnceLock<Option<i64>>,
    text_hash: OnceLock<i64>,
}

impl Comment {
    /// Normalises a submission that arrived at `now`.
    pub fn from_submission(site: SiteId, submission: Submission, now: Timestamp) -> Self {
        let body = normalize::normalize(&submission.text);
        Self {
            id: CommentId::fresh(now),
            site,
            created_at: now,
            concepts: concepts::find(&body.reading().text),
            cues: Cues::of(&body),
            author_hash: OnceLock::new(),
            text_hash: OnceLock::new(),
            body,
            website: submission.url.as_deref().map(normalize::host_of),
            name: normalize::normalize(submission.name.as_deref().unwrap_or_default()),
            submission,
        }
    }

    /// The e-mail address in lower case, without what mail servers ignore; `None` when none was sent.
    pub fn email_normal(&self) -> Option<String> {
        self.submission.email.as_deref().filter(|email| !email.is_empty()).map(str::to_lowercase)
    }

    /// Stands for the author in indexes: [`Submission::author_hash`].
    pub fn author_hash(&self) -> Option<i64> {
        *self.author_hash.get_or_init(|| self.submission.author_hash())
    }

    /// Stands for the commented page in indexes.
    pub fn page_hash(&self) -> Option<i64> {
        self.submission.page.as_deref().map(page_hash)
    }

    /// Stands for the text, whatever its case, spacing and disguise; equal for equal readings.
    pub fn text_hash(&self) -> i64 {
        *self.text_hash.get_or_init(|| {
            let letters: String = self.body.reading().text.chars().filter(|c| letters::is_alphanumeric(*c)).collect();
            hash_text("text", if letters.is_empty() { &self.submission.text } else { &letters })
        })
    }
}

/// Stands for a page's address in indexes.
pub fn page_hash(page: &str) -> i64 {
    hash_text("page", page)
}

/// Stands for an e-mail address in indexes.
pub fn email_hash(email: &str) -> i64 {
    hash_text("email", &email.to_lowercase())
}

/// Stands for an author's network in indexes and limits: an IPv4 address, or the /64 of an IPv6 address.
pub fn address_hash(ip: IpAddr) -> i64 {
    hash_text("address", &network_of(ip))
}

/// The network that counts as one author: the IPv4 address, or the /64 of an IPv6 address, in which every host can
/// give itself as many addresses as it likes.
pub fn network_of(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
    }
}

/// An 8-byte index key; `kind` keeps keys of different things apart.
fn hash_text(kind: &str, text: &str) -> i64 {
    let mut bytes = Vec::with_capacity(kind.len() + 1 + text.len());
    bytes.extend_from_slice(kind.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(text.as_bytes());
    xxh3_64(&bytes) as i64
}
