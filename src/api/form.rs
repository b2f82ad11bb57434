//! Plain HTML forms: a page without a line of script can send comments here.
//!
//! A browser cannot send a key in a header, so a form carries a public one (`key`, with the scope submit alone) in a
//! hidden field or in its address. Who wants HTML is sent back to the page with 303 and the decision in the query.

use std::net::IpAddr;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::submission::FormFields;
use super::submit::{Outcome, form_caller, idempotency_key, take, with_receipt};
use super::{FieldError, Problem, Result, submission};
use crate::app::App;
use crate::comment::MAX_OTHER;

/// Takes a form, and answers the way the caller wants.
pub(super) async fn submit(
    app: &App,
    address: IpAddr,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response> {
    let body = submission::read(headers, body, app.config.http.max_body).await?;
    let (own, submission) = submission::from_form(&body)?;
    let key = own.key.clone().or_else(|| key_in(query));
    let caller = form_caller(app, headers, key.as_deref()).await?;
    let mut submission = submission?;
    if submission.page.is_none() {
        submission.page = text(headers, header::REFERER).filter(|page| web_address(page).is_some()).map(str::to_owned);
    }
    if key.is_some() && !headers.contains_key(header::AUTHORIZATION) {
        // With a public key it is the author's own browser that sends, and its word about itself does not count.
        submission.ip = Some(address);
        submission.user_agent = text(headers, header::USER_AGENT).map(|agent| agent.chars().take(MAX_OTHER).collect());
    }
    let page = submission.page.clone();
    let outcome = take(app, &caller, submission, idempotency_key(headers, &body)?).await?;
    if !wants_html(headers) {
        return Ok(with_receipt(app, outcome));
    }
    let site = caller.site.site.url.as_deref().and_then(web_address);
    Ok(match back_to(&own, page.as_deref(), headers, site.as_ref()) {
        Some(page) => redirect(page, &outcome, app),
        None => received(&outcome, app),
    })
}

fn key_in(query: Option<&str>) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.into_iter().find(|(name, _)| name == "key").map(|(_, key)| key.into_owned())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Where the browser goes: to `redirect_to` or the commented page, if that is on the site, or on the page that the
/// form stands on. So no stranger's link through this service leads anywhere.
fn back_to(own: &FormFields, page: Option<&str>, headers: &HeaderMap, site: Option<&Url>) -> Option<Url> {
    let referer = text(headers, header::REFERER).and_then(web_address);
    let origin = text(headers, header::ORIGIN).and_then(web_address);
    // What is no browser sends neither, and nobody can be led astray.
    let is_no_browser = referer.is_none() && !headers.contains_key(header::ORIGIN);
    let may_go = |url: &Url| {
        is_no_browser
            || [site, referer.as_ref(), origin.as_ref()]
                .into_iter()
                .flatten()
                .any(|known| known.origin() == url.origin())
    };
    let base = referer.clone().or_else(|| page.and_then(web_address)).or_else(|| site.cloned());
    let wanted = own.redirect_to.as_deref().and_then(|path| match &base {
        Some(base) => base.join(path).ok().filter(|url| matches!(url.scheme(), "http" | "https")),
        None => web_address(path),
    });
    let page = page.and_then(web_address);
    [wanted, page, referer.clone()].into_iter().flatten().find(may_go)
}

/// Back to the page, with the decision and the author's receipt in the query.
fn redirect(mut page: Url, outcome: &Outcome, app: &App) -> Response {
    if let Some((id, decision)) = outcome.decision() {
        page.query_pairs_mut().append_pair("decision", &decision).append_pair("comment", &id.to_string());
        page.query_pairs_mut().append_pair("receipt", &app.receipts.of(id));
        if decision == "approve" {
            page.set_fragment(Some(&format!("comment-{id}")));
        }
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, page.to_string())]).into_response()
}

#[derive(Template)]
#[template(path = "received.html")]
struct Received {
    published: bool,
    receipt: Option<String>,
}

fn received(outcome: &Outcome, app: &App) -> Response {
    let decision = outcome.decision();
    let published = decision.as_ref().is_some_and(|(_, decision)| decision == "approve");
    page(StatusCode::CREATED, &Received { published, receipt: decision.map(|(id, _)| app.receipts.of(id)) })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: String,
    errors: Vec<FieldError>,
    request_id: &'a str,
}

/// A problem for people.
pub(super) fn problem_page(problem: &Problem, request_id: &str) -> Response {
    let errors = match problem {
        Problem::Invalid(errors) => errors.clone(),
        _ => Vec::new(),
    };
    page(problem.status(), &ProblemPage { title: problem.title(), detail: problem.to_string(), errors, request_id })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = template.render().unwrap_or_else(|error| {
        tracing::error!("a page could not be written: {error}");
        String::new()
    });
    let policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, Html(html)).into_response()
}

/// Whether the caller would rather have HTML than JSON, by its `Accept` header.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut html, mut json) = (0.0, 0.0);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => html = quality.max(html),
            "application/json" | "application/problem+json" => json = quality.max(json),
            _ => {}
        }
    }
    html > 0.0 && html >= json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn target(own: Option<&str>, page: Option<&str>, pairs: &[(header::HeaderName, &'static str)]) -> Option<String> {
        let own = FormFields { redirect_to: own.map(str::to_owned), ..FormFields::default() };
        let site = web_address("https://news.example/");
        back_to(&own, page, &headers(pairs), site.as_ref()).map(|url| url.to_string())
    }

    #[test]
    fn browsers_want_html_and_programs_json() {
        let accept = |value| wants_html(&headers(&[(header::ACCEPT, value)]));
        assert!(accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!accept("*/*"));
        assert!(!accept("application/json"));
        assert!(!accept("application/json, text/html;q=0.5"));
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn the_browser_goes_back_to_the_page_it_came_from() {
        let referer = (header::REFERER, "https://blog.example/a?x=1");
        assert_eq!(target(None, None, std::slice::from_ref(&referer)).as_deref(), Some("https://blog.example/a?x=1"));
        assert_eq!(target(Some("/thanks"), None, &[referer]).as_deref(), Some("https://blog.example/thanks"));
        let page = Some("https://news.example/a/42");
        assert_eq!(target(None, page, &[]).as_deref(), page);
    }

    #[test]
    fn no_form_leads_a_browser_to_a_foreign_site() {
        let origin = (header::ORIGIN, "https://blog.example");
        let evil = "https://evil.example/";
        assert_eq!(target(Some(evil), Some(evil), &[origin]), None);
        let referer = (header::REFERER, "https://blog.example/a");
        assert_eq!(target(Some("//evil.example"), Some(evil), &[referer]).as_deref(), Some("https://blog.example/a"));
        assert_eq!(target(Some("javascript:alert(1)"), None, &[]), None);
        assert_eq!(target(None, Some("javascript:alert(1)"), &[(header::ORIGIN, "null")]), None);
    }
}
