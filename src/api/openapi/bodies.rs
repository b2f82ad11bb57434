//! The bodies of requests, as they are described. The handlers read them field by field, so that all mistakes are told at
//! once. The fuzzer of `tests/clients` sends what is described here, and finds what is then refused.
#![expect(dead_code, reason = "these describe bodies and are never made")]

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::api::comments::CommentBody;
use crate::id::CommentId;
use crate::pipeline::Judged;
use crate::policy::PolicyDocument;
use crate::verdict::Status;

/// A comment, as a website sends it. Only `text` is required.
#[derive(ToSchema)]
#[schema(as = NewComment)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SubmissionBody {
    /// The comment itself.
    #[schema(max_length = 20_000, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    text: String,
    /// The author's name as typed.
    #[schema(max_length = 245, pattern = r"^[^\x00]*$")]
    name: Option<String>,
    /// The author's e-mail address as typed, or nothing.
    #[schema(
        max_length = 254,
        pattern = r"^$|^[^\s@<>()\[\],;:\\\x00-\x1f\x7f-\x9f]+@([^\W_]([^\W_]|-)*[^\W_]|[^\W_])(\.([^\W_]([^\W_]|-)*[^\W_]|[^\W_]))+$"
    )]
    email: Option<String>,
    /// The author's website.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    url: Option<String>,
    /// Address of the page that is commented on.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    page: Option<String>,
    /// Title of that page.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    page_title: Option<String>,
    /// Address the author wrote from, as the site saw it.
    ip: Option<Address>,
    /// The author's browser, in its own words.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    user_agent: Option<String>,
    /// The page the author came from.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    referrer: Option<String>,
    /// The site's or page's language, as a BCP 47 tag.
    #[schema(max_length = 35, pattern = r"^[^\x00]*$")]
    locale: Option<String>,
    /// The site's own name for this comment; unique per site. Sent again with other content, it is an edit.
    #[schema(max_length = 255, pattern = r"^[^\x00]*$")]
    external_id: Option<String>,
    /// The comment that this one answers.
    parent_id: Option<CommentId>,
    /// The author's role on the site.
    #[schema(max_length = 100, pattern = r"^[^\x00]*$")]
    author_role: Option<String>,
    /// Value of a form field that people cannot see.
    #[schema(max_length = 2_048, pattern = r"^[^\x00]*$")]
    honeypot: Option<String>,
    /// Milliseconds between showing the form and sending it.
    #[schema(minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    elapsed_ms: Option<i64>,
    /// When the author sent it, as the site says.
    #[schema(format = DateTime, max_length = 40)]
    submitted_at: Option<String>,
}

/// An IPv4 or IPv6 address.
pub(in crate::api) struct Address;

impl PartialSchema for Address {
    fn schema() -> RefOr<Schema> {
        let format =
            |format| ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)));
        OneOfBuilder::new().item(format(KnownFormat::Ipv4)).item(format(KnownFormat::Ipv6)).into()
    }
}

impl ToSchema for Address {
    fn name() -> Cow<'static, str> {
        "IpAddress".into()
    }
}

/// A decision about one comment.
#[derive(ToSchema)]
#[schema(as = Decide)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Patch {
    /// The status it is to have.
    status: Status,
    /// Why, in a word or two; `spam` and `toxic` teach the classifier.
    #[schema(max_length = 100, pattern = r"^[^\x00]*$")]
    reason: Option<String>,
    /// Why, at length.
    #[schema(max_length = 2_000, pattern = r"^[^\x00]*$")]
    note: Option<String>,
}

/// A decision about many comments.
#[derive(ToSchema)]
#[schema(as = DecideMany)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Decisions {
    /// The comments.
    #[schema(min_items = 1, max_items = 1_000)]
    ids: Vec<CommentId>,
    /// The status they are to have.
    status: Status,
    /// Why, in a word or two; `spam` and `toxic` teach the classifier.
    #[schema(max_length = 100, pattern = r"^[^\x00]*$")]
    reason: Option<String>,
    /// Why, at length.
    #[schema(max_length = 2_000, pattern = r"^[^\x00]*$")]
    note: Option<String>,
}

/// What a comment was.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Feedback {
    label: Label,
}

/// What the website says of a comment.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
enum Label {
    Spam,
    Ham,
    Toxic,
    Clean,
}

/// Whose comments are erased: by one of both.
#[derive(ToSchema)]
#[serde(untagged)]
pub(in crate::api) enum Erasure {
    ByEmail(ErasureByEmail),
    ByAddress(ErasureByAddress),
}

/// An author by e-mail address.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ErasureByEmail {
    /// The address, in any case.
    #[schema(min_length = 1, max_length = 254, pattern = r"^[^\x00]*$")]
    email: String,
}

/// An author by network address.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ErasureByAddress {
    /// The address the author wrote from.
    ip: Address,
}

/// A policy to try.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplayPolicy)]
pub(in crate::api) struct Replay {
    /// The policy to try; the one in force when it is left out.
    policy: Option<PolicyDocument>,
    /// How many of the newest comments are judged again; 1,000 when it is left out.
    #[schema(minimum = 1, maximum = 1_000)]
    last: Option<u64>,
}

/// The answer to a comment whose `external_id` was known.
#[derive(ToSchema)]
#[schema(as = KnownComment)]
#[serde(untagged)]
pub(in crate::api) enum Again {
    Known(Box<CommentBody>),
    Edited(Judged),
}

/// A policy that shall be in force: the document itself, or with a reason.
#[derive(ToSchema)]
#[schema(as = NewPolicy)]
#[serde(untagged)]
pub(in crate::api) enum PolicyChange {
    Document(PolicyDocument),
    WithReason(PolicyWithReason),
}

/// A policy with why it is changed.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PolicyWithReason {
    policy: PolicyDocument,
    /// Why, for the list of versions.
    #[schema(max_length = 500, pattern = r"^[^\x00]*$")]
    reason: Option<String>,
    /// The version that was changed; refused if another one is in force by now.
    version: Option<i64>,
}
