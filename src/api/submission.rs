//! From a request's body to a [`Submission`].

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Problem, Result};
use crate::comment::{MAX_EMAIL, MAX_NAME, MAX_OTHER, MAX_TEXT, MAX_URL, Submission};

/// WordPress' names of form fields, and ours.
const FORM_NAMES: [(&str, &str); 3] = [("author", "name"), ("comment", "text"), ("comment_parent", "parent_id")];

/// Hidden fields of WordPress' form that say nothing about the comment.
const FORM_EXTRAS: [&str; 6] = [
    "submit",
    "comment_post_ID",
    "wp-comment-cookies-consent",
    "_wp_unfiltered_html_comment",
    "_wp_http_referer",
    "redirect_to",
];

/// What a site's form may demand, and what is said when it is missing.
const DEMANDED: [(&str, &str); 2] =
    [("name", "Please enter your name here"), ("email", "Please enter your email address here")];

/// How much of a body that is too large is read and forgotten.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// How long a body that is too large is read and forgotten.
const DISCARD_TIME: std::time::Duration = std::time::Duration::from_secs(2);

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// How the body is written, by its content type.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding> {
    if is_compressed(headers) {
        return Err(Problem::Unsupported("compressed bodies are not understood; send it uncompressed"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Encoding::Json),
        "application/x-www-form-urlencoded" => Ok(Encoding::Form),
        _ => Err(Problem::Unsupported("send Content-Type: application/json or application/x-www-form-urlencoded")),
    }
}

/// Whether the body is written in a coding of its own; `identity` is none.
pub(super) fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The whole body, if it is at most `max` bytes; a longer one is refused before it is read, if it says its length.
pub(super) async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes> {
    let mut body = body;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        // A client that waits for permission to send is not given it; one that sends already is heard out, within
        // reason, because most clients read no answer before they have sent everything.
        if !headers.contains_key(header::EXPECT) && announced.is_some_and(|length| length <= MAX_DISCARDED) {
            discard(&mut body).await;
        }
        return Err(Problem::TooLarge(max));
    }
    match Limited::new(&mut body, max).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            discard(&mut body).await;
            Err(Problem::TooLarge(max))
        }
        Err(error) => Err(Problem::Malformed(format!("the body broke off: {error}"))),
    }
}

/// Reads and forgets a body, up to [`MAX_DISCARDED`] bytes and for [`DISCARD_TIME`].
async fn discard(body: &mut Body) {
    let whole = async {
        let mut left = MAX_DISCARDED;
        while let Some(Ok(frame)) = body.frame().await {
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whoever is slower than that misses the answer, as everybody would without discarding.
    let _ = tokio::time::timeout(DISCARD_TIME, whole).await;
}

/// A form's own fields, which are no part of the submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FormFields {
    /// The site's public key.
    pub(super) key: Option<String>,
    /// Where the browser wants to go afterwards.
    pub(super) redirect_to: Option<String>,
    /// What the site's form demands beside the comment: `name`, `email` or both, separated by commas.
    pub(super) require: Option<String>,
}

/// The submission in a JSON body.
pub(super) fn from_json(body: &[u8]) -> Result<Submission> {
    submission(Fields::from_json(body)?)
}

/// The submission in a JSON body, and the fields whose names begin with `label_`.
pub(super) fn with_labels(body: &[u8]) -> Result<(Submission, Map<String, Value>)> {
    let mut fields = Fields::from_json(body)?;
    let labels = fields.take_all(|name| name.starts_with("label_"));
    Ok((submission(fields)?, labels))
}

/// The submission in a form, with WordPress' field names or ours. All fields but the text may be empty.
pub(super) fn from_form(body: &[u8]) -> Result<(FormFields, Result<Submission>)> {
    let mut fields = Fields::from_form(body)?;
    let own = FormFields {
        key: fields.text("key", 200),
        redirect_to: fields.text("redirect_to", MAX_URL),
        require: fields.text("require", 100),
    };
    fields.rename(&FORM_NAMES);
    for (name, missing) in DEMANDED {
        let is_demanded = own.require.iter().flat_map(|names| names.split(',')).any(|demanded| demanded.trim() == name);
        if is_demanded && fields.is_blank(name) {
            fields.refuse(name, missing);
        }
    }
    // Akismet's script adds fields of its own, and WordPress says 0 for a comment that answers none.
    fields.ignore(|name| FORM_EXTRAS.contains(&name) || name.starts_with("ak_") || name == "akismet_comment_nonce");
    fields.blank("parent_id", "0");
    Ok((own, submission(fields)))
}

fn submission(mut f: Fields) -> Result<Submission> {
    let text = f.text("text", MAX_TEXT).unwrap_or_default();
    if text.trim().is_empty() && !f.refused("text") {
        f.refuse("text", "Please enter your comment!");
    }
    let submission = Submission {
        text,
        name: f.text("name", MAX_NAME),
        email: f.parsed("email", MAX_EMAIL, email, "an e-mail address, such as ann@example.org, or nothing"),
        url: f.text("url", MAX_URL),
        page: f.text("page", MAX_URL),
        page_title: f.text("page_title", MAX_OTHER),
        ip: f.parsed("ip", 45, |text| text.parse().ok(), "an IPv4 or IPv6 address"),
        user_agent: f.text("user_agent", MAX_OTHER),
        referrer: f.text("referrer", MAX_OTHER),
        locale: f.text("locale", 35),
        external_id: f.text("external_id", 255),
        parent_id: f.parsed("parent_id", 26, |text| text.parse().ok(), "the id of a comment"),
        author_role: f.text("author_role", 100),
        honeypot: f.text("honeypot", MAX_OTHER),
        elapsed_ms: f.number("elapsed_ms"),
        submitted_at: f.parsed(
            "submitted_at",
            40,
            |text| text.parse::<Timestamp>().ok(),
            "a time such as 2026-11-22T10:00:00Z",
        ),
    };
    f.finish(submission)
}

/// An e-mail address by its shape: one @, something before it, and a domain with a dot after it. What is more exact refuses
/// addresses that work. An empty one counts as none.
fn email(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let (local, domain) = text.rsplit_once('@')?;
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let is_local =
        !local.is_empty() && !local.chars().any(|c| c.is_whitespace() || c.is_control() || "@<>()[],;:\\".contains(c));
    (is_local && domain.contains('.') && domain.split('.').all(is_label)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(body: &str) -> Vec<String> {
        match from_json(body.as_bytes()) {
            Err(Problem::Invalid(errors)) => errors.into_iter().map(|e| e.pointer).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let found = pointers(r#"{"text": 7, "nmae": "Ann", "email": "ann", "elapsed_ms": -1, "ip": "1.2.3"}"#);
        assert_eq!(found, ["/text", "/email", "/ip", "/elapsed_ms", "/nmae"]);
    }

    #[test]
    fn a_repeated_field_is_refused() {
        assert_eq!(pointers(r#"{"text": "a", "name": "b", "name": "c"}"#), ["/name"]);
    }

    #[test]
    fn a_field_name_with_a_slash_is_escaped_in_its_pointer() {
        assert_eq!(pointers(r#"{"text": "a", "x/y~z": 1}"#), ["/x~1y~0z"]);
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        let fits = serde_json::json!({ "text": "ж".repeat(MAX_TEXT), "name": "ж".repeat(MAX_NAME) });
        assert!(from_json(fits.to_string().as_bytes()).is_ok());
        let long = serde_json::json!({ "text": "ж".repeat(MAX_TEXT + 1) });
        assert_eq!(pointers(&long.to_string()), ["/text"]);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", "nul", r#"{"text": "\ud800"}"#, &format!("{}1{}", "[".repeat(60_000), "]".repeat(60_000))]
        {
            assert!(
                matches!(from_json(body.as_bytes()), Err(Problem::Malformed(_) | Problem::Invalid(_))),
                "{body:.20}"
            );
        }
        assert!(matches!(from_json(b"{\"text\": \"\xff\"}"), Err(Problem::Malformed(_))));
    }

    #[test]
    fn wordpress_names_are_understood_and_its_extras_ignored() {
        let body = b"author=Ann&email=ann%40example.org&url=&comment=Nice+one%21&comment_post_ID=7&comment_parent=0\
            &submit=Post+Comment&ak_js=12&key=K&redirect_to=%2Fa";
        let (own, submission) = from_form(body).expect("a form");
        let submission = submission.expect("a submission");
        assert_eq!(own, FormFields { key: Some("K".to_owned()), redirect_to: Some("/a".to_owned()), require: None });
        assert_eq!(submission.name.as_deref(), Some("Ann"));
        assert_eq!(submission.email.as_deref(), Some("ann@example.org"));
        assert_eq!((submission.text.as_str(), submission.url, submission.parent_id), ("Nice one!", None, None));
    }

    #[test]
    fn addresses_are_judged_by_their_shape() {
        for good in ["a@b.de", "o'neil+tag@sub.example.co.uk", "ü@bücher.example"] {
            assert!(email(good).is_some(), "{good}");
        }
        for bad in ["a", "@b.de", "a@", "a@b", "a b@c.de", "a@b..de", "a@-b.de", "<a@b.de>", "a@b.de,c@d.de"] {
            assert!(email(bad).is_none(), "{bad}");
        }
    }
}
