//! What the pages of the working screen look like, as HTML, with what changes from run to run replaced.

use jiff::Timestamp;
use regex::Regex;

use super::tests::Desk;
use crate::comment::Submission;
use crate::store::{Actor, Resolution, Role};
use crate::verdict::Status;

/// The main part of a page. Ids, times and hashes of files give way to words, so that only the templates speak.
pub(super) fn still(html: &str) -> String {
    let from = html.find("<main").expect("a main part");
    let to = html.rfind("</main>").expect("its end") + "</main>".len();
    let mut html = html[from..to].to_owned();
    for (pattern, word) in [
        (r"\b0[0-9a-hjkmnp-tv-z]{12}\b", "ID"),
        (r"after=ID\.[0-9a-f]+", "after=PLACE"),
        (r"\.[0-9a-f]{12}\.", ".HASH."),
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z| UTC)", "TIME"),
        (r"/tmp/[^:]*: No such file or directory \(os error 2\)", "PATH"),
        (r"approved this \d+ s ago", "approved this SECONDS ago"),
    ] {
        html = Regex::new(pattern).expect("a pattern").replace_all(&html, word).into_owned();
    }
    html
}

async fn with_comments() -> (Desk, String, Vec<String>) {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let text = "Buy the finest watches of the whole town at our new shop today and tell all of your friends";
    let mut ids = Vec::new();
    for name in ["Seller", "<b>Other</b>"] {
        let submission = Submission {
            name: Some(name.to_owned()),
            email: Some("seller@example.org".to_owned()),
            ip: Some("203.0.113.9".parse().expect("an address")),
            page: Some("https://news.example/a".to_owned()),
            page_title: Some("Trams".to_owned()),
            text: text.to_owned(),
            ..Submission::default()
        };
        ids.push(desk.comment(submission).await.to_string());
    }
    (desk, cookie, ids)
}

#[tokio::test]
async fn the_queue_and_its_comment() {
    let (desk, cookie, _) = with_comments().await;
    insta::assert_snapshot!(still(&desk.get("/queue", &cookie).await.body));
}

#[tokio::test]
async fn an_empty_queue_and_a_search_without_a_match() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Viewer).await;
    insta::assert_snapshot!("empty", still(&desk.get("/queue", &cookie).await.body));
    insta::assert_snapshot!("no_match", still(&desk.get("/queue?q=score:high+tram", &cookie).await.body));
}

#[tokio::test]
async fn a_campaign() {
    let (desk, cookie, ids) = with_comments().await;
    insta::assert_snapshot!(still(&desk.get(&format!("/comments/{}/alike", ids[0]), &cookie).await.body));
}

#[tokio::test]
async fn keys_of_ones_own() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    insta::assert_snapshot!(still(&desk.get("/keys", &cookie).await.body));
}

#[tokio::test]
async fn a_conflict() {
    let (desk, cookie, ids) = with_comments().await;
    let bob = desk.user("bob", Role::Moderator).await;
    let site = *desk.app.directory().sites.keys().next().expect("a site");
    let resolution = Resolution {
        status: Status::Approved,
        reason: None,
        note: None,
        actor: Actor::User(bob),
        shown_at: None,
        at: Timestamp::now(),
    };
    let id = ids[0].parse().expect("an id");
    desk.app.resolve(site, vec![(id, Some(1))], resolution).await.expect("a decision");
    let form = "status=rejected&reason=spam&revision=1";
    insta::assert_snapshot!(still(&desk.post(&format!("/comments/{id}/decision"), &cookie, form).await.body));
}

#[tokio::test]
async fn what_goes_on_to_apply_can_be_ended() {
    let (desk, cookie, ids) = with_comments().await;
    let form = format!("pick={}%401&pick={}%401&status=rejected%3Aspam&hours=24", ids[0], ids[1]);
    desk.post(&format!("/comments/{}/alike", ids[0]), &cookie, &form).await;
    let standing = desk.get("/standing", &cookie).await.body;
    insta::assert_snapshot!(still(&standing));
    let action = super::tests::between(&standing, "name=\"action\" value=\"", "\"");
    let site = super::tests::between(&standing, "name=\"site\" value=\"", "\"");
    desk.post("/standing/end", &cookie, &format!("site={site}&action={action}")).await;
    assert!(desk.get("/standing", &cookie).await.body.contains("Nothing does."));
    let id = ids[0].parse().expect("an id");
    assert_eq!(desk.status(id).await.0, Status::Rejected, "what was decided stays decided");
}
