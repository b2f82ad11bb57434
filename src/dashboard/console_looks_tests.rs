//! What the pages around the queue look like, as HTML: the door, the first run, and everything that is administered.

use axum::http::StatusCode;
use jiff::Timestamp;
use regex::Regex;

use super::looks_tests::still;
use super::tests::{Desk, Page, between};
use crate::comment::Submission;
use crate::store::Role;

/// The main part of a page, with what is random or drawn replaced too.
fn at_rest(page: &Page) -> String {
    let mut html = still(&page.body);
    for (pattern, word) in [
        (r"0[0-9a-z]{12}…[\w-]{4}", "KEY"),
        (r"\bID_[\w-]{20,}", "KEY"),
        (r"mod_[\w-]{20,}", "KEY"),
        (r"/invite/[\w-]{20,}", "/invite/TOKEN"),
        (r"whsec_[\w+/=-]+", "SECRET"),
        (r#"<code id="secret">[A-Z2-7 ]+"#, r#"<code id="secret">SECRET"#),
        (r#"(?s)<svg class="qr".*?</svg>"#, "PICTURE"),
        (r#"(?s)(<div role="img" aria-label="[^"]*">).*?</svg>"#, "${1}PICTURE"),
        (r#"(<option value="[\w+/-]+">)+</datalist>"#, "ZONES</datalist>"),
        (r"\d{4}-\d\d-\d\d", "DAY"),
        (r"\d\d\. \d\d:\d\d", "HOUR"),
    ] {
        html = Regex::new(pattern).expect("a pattern").replace_all(&html, word).into_owned();
    }
    html
}

async fn desk() -> (Desk, String, String) {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let submission = Submission {
        name: Some("Ann <i>Other</i>".to_owned()),
        text: "FREE MONEY at http://bit.ly/abc".to_owned(),
        ..Submission::default()
    };
    let id = desk.comment(submission).await.to_string();
    (desk, cookie, id)
}

#[tokio::test]
async fn the_door() {
    let fresh = Desk::open().await;
    insta::assert_snapshot!("setup", at_rest(&fresh.get("/setup", "").await));
    let (desk, _, _) = desk().await;
    insta::assert_snapshot!("login", at_rest(&desk.get("/login?bye=1", "").await));
    let wrong = desk.post("/login", "", "email=ana%40example.org&password=wrong").await;
    insta::assert_snapshot!("login_wrong", at_rest(&wrong));
}

#[tokio::test]
async fn the_first_run() {
    let (desk, cookie, _) = desk().await;
    insta::assert_snapshot!("setup_site", at_rest(&desk.get("/setup/site", &cookie).await));
    insta::assert_snapshot!("setup_strictness", at_rest(&desk.get("/setup/strictness", &cookie).await));
}

#[tokio::test]
async fn a_page_that_is_not_there() {
    let (desk, cookie, _) = desk().await;
    let missing = desk.get("/comments/nothing", &cookie).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!("missing", at_rest(&missing));
}

#[tokio::test]
async fn a_comment_with_a_note_and_an_appeal() {
    let (desk, cookie, id) = desk().await;
    desk.post(&format!("/comments/{id}/notes"), &cookie, "text=Seen+%3Cb%3Ebefore%3C%2Fb%3E").await;
    desk.post(&format!("/comments/{id}/decision"), &cookie, "status=rejected&reason=toxic&revision=1").await;
    let site = *desk.app.directory().sites.keys().next().expect("a site");
    let words = Some("I meant <no> harm".to_owned());
    desk.app.appeal(site, id.parse().expect("an id"), words, Timestamp::now()).await.expect("an appeal");
    insta::assert_snapshot!("comment", at_rest(&desk.get(&format!("/comments/{id}"), &cookie).await));
    desk.user("bob", Role::Moderator).await;
    let own = at_rest(&desk.get(&format!("/comments/{id}"), &cookie).await);
    insta::assert_snapshot!("own_appeal", between(&own, "<div class=\"main-column\">", "<section class=\"why\""));
}

#[tokio::test]
async fn a_range() {
    let (desk, cookie, _) = desk().await;
    let range = desk.get("/matching?status=held&by=score&from=0&to=20", &cookie).await;
    insta::assert_snapshot!("range", at_rest(&range));
    let nothing = desk.get("/matching?status=approved", &cookie).await;
    insta::assert_snapshot!("range_of_nothing", at_rest(&nothing));
}

#[tokio::test]
async fn history_and_figures() {
    let (desk, cookie, id) = desk().await;
    desk.post(&format!("/comments/{id}/decision"), &cookie, "status=rejected&reason=spam&revision=1&looked_ms=900")
        .await;
    insta::assert_snapshot!("audit", at_rest(&desk.get("/audit", &cookie).await));
    insta::assert_snapshot!("audit_service", at_rest(&desk.get("/audit?view=service", &cookie).await));
    insta::assert_snapshot!("stats", at_rest(&desk.get("/stats?span=day", &cookie).await));
}

#[tokio::test]
async fn rules_with_a_mistake_and_with_a_replay() {
    let (desk, cookie, _) = desk().await;
    let site = *desk.app.directory().sites.keys().next().expect("a site");
    insta::assert_snapshot!("policy", at_rest(&desk.get("/policy", &cookie).await));
    let form = |more: &str| format!("site={site}&version=0&threshold.hold_score=1&{more}&do=check");
    let wrong = at_rest(&desk.post("/policy", &cookie, &form("patterns=2+%28")).await);
    insta::assert_snapshot!("policy_wrong", between(&wrong, "<section class=\"panel wrong\"", "</section>"));
    let checked = at_rest(&desk.post("/policy", &cookie, &form("words=money&try_text=free+money")).await);
    insta::assert_snapshot!("policy_difference", between(&checked, "<ul class=\"diff\"", "</section>"));
    insta::assert_snapshot!("policy_replay", between(&checked, "id=\"replay\"", "</section>"));
}

#[tokio::test]
async fn sites_keys_and_webhooks() {
    let (desk, cookie, _) = desk().await;
    let site = *desk.app.directory().sites.keys().next().expect("a site");
    insta::assert_snapshot!("sites", at_rest(&desk.get("/sites", &cookie).await));
    insta::assert_snapshot!("webhooks", at_rest(&desk.get("/webhooks", &cookie).await));
    let address = "url=https%3A%2F%2Fblog.example%2Fhook&hold=5";
    let set = desk.post("/webhooks", &cookie, &format!("site={site}&action=save&{address}")).await;
    insta::assert_snapshot!("webhook_set", at_rest(&set));
    let made = desk.post("/sites/keys", &cookie, &format!("site={site}&scope=submit&scope=read")).await;
    let shown = at_rest(&made);
    assert!(shown.contains("class=\"panel shown-once\""), "{shown}");
}

#[tokio::test]
async fn people_and_an_account() {
    let (desk, cookie, _) = desk().await;
    desk.user("bob", Role::Moderator).await;
    insta::assert_snapshot!("users", at_rest(&desk.get("/users", &cookie).await));
    let invited = desk.post("/users/invite", &cookie, "role=moderator&site=&email=").await;
    let link = format!("/invite/{}", between(&invited.body, "/invite/", "<").trim());
    insta::assert_snapshot!("invited", at_rest(&desk.get(&link, "").await));
    insta::assert_snapshot!("account", at_rest(&desk.get("/account", &cookie).await));
    desk.post("/account/factor", &cookie, "").await;
    insta::assert_snapshot!("second_factor", at_rest(&desk.get("/account", &cookie).await));
}
