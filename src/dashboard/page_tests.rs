//! The pages beside the queue, through the router, with a real database.

use axum::http::StatusCode;
use jiff::Timestamp;

use super::tests::{Desk, PASSWORD, between};
use super::two_step;
use crate::id::SiteId;
use crate::secrets;
use crate::store::{ApiKey, Role, Scope, Scopes, Site};
use crate::verdict::Status;

fn site_of(desk: &Desk) -> SiteId {
    *desk.app.directory().sites.keys().next().expect("a site")
}

async fn second_site(desk: &Desk) -> SiteId {
    let now = Timestamp::now();
    let id = SiteId::fresh(now);
    let site = Site { id, name: "shop".to_owned(), url: None, webhook_url: None, created_at: now };
    desk.app.store.create_site(site).await.expect("a site");
    desk.app.reload_directory().await.expect("a directory");
    id
}

#[tokio::test]
async fn the_history_is_filtered_and_exported() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let (one, two) = (desk.held("=1+1 the first").await, desk.held("the second").await);
    desk.post(&format!("/comments/{one}/decision"), &cookie, "status=rejected&reason=%3Dspam&revision=1").await;
    desk.post(&format!("/comments/{two}/decision"), &cookie, "status=approved&revision=1").await;

    let all = desk.get("/audit", &cookie).await.body;
    assert!(all.contains(&one.to_string()) && all.contains(&two.to_string()) && !all.contains("received:"), "{all}");
    let of_one = desk.get(&format!("/audit?comment={one}"), &cookie).await.body;
    assert!(of_one.contains("received: held") && of_one.contains("decided: held → rejected"), "{of_one}");
    let none = desk.get("/audit?kind=undone", &cookie).await.body;
    assert!(none.contains("Nothing in the history passes"));
    let later = desk.get("/audit?since=2100-01-01", &cookie).await.body;
    assert!(later.contains("Nothing in the history passes"));
    let nonsense = desk.get("/audit?since=soon", &cookie).await;
    assert_eq!(nonsense.status, StatusCode::UNPROCESSABLE_ENTITY);

    let csv = desk.get("/audit/export/csv", &cookie).await.body;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("'=spam") && csv.contains(",ana,held,rejected,"), "{csv}");
    let jsonl = desk.get("/audit/export/jsonl?kind=decided", &cookie).await.body;
    let first: serde_json::Value = serde_json::from_str(jsonl.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["comment_id"], &first["to"]), (&two.to_string().into(), &"approved".into()));
}

#[tokio::test]
async fn statistics_tell_what_people_made_of_decisions() {
    let desk = Desk::open().await;
    let (ana, bob) = (desk.signed_in("ana", Role::Moderator).await, desk.signed_in("bob", Role::Moderator).await);
    let id = desk.held("BUY NOW AT http://bit.ly/abc AND http://bit.ly/def AND http://bit.ly/ghi").await;
    desk.held("another one that waits").await;
    let address = format!("/comments/{id}/decision");
    desk.post(&address, &ana, "status=rejected&reason=spam&revision=1&looked_ms=1500").await;
    desk.post(&address, &bob, "status=approved&revision=2&looked_ms=4000").await;

    let now = Timestamp::now();
    let stats = desk.app.store.stats(&[site_of(&desk)], now - jiff::SignedDuration::from_hours(3), now, now).await;
    let stats = stats.expect("stats");
    assert_eq!((stats.decisions.hold, stats.queue.comments), (2, 1));
    assert_eq!(stats.series.last().map(|point| (point.approved, point.rejected, point.queue)), Some((1, 1, 1)));
    assert_eq!((stats.times.median_seconds, stats.times.p90_seconds), (Some(2), Some(5)));
    let people: Vec<_> = stats.moderators.iter().map(|person| (person.decided, person.overruled)).collect();
    assert!(people.contains(&(1, 1)) && people.contains(&(1, 0)), "{people:?}");
    let short = stats.reasons.iter().find(|reason| reason.code == "short_link").expect("a reason");
    assert_eq!((short.hits, short.reviewed, short.refuted), (1, 2, 1));

    // What is taken back never happened.
    let history = desk.app.store.history(site_of(&desk), id).await.expect("a history");
    let action = history.last().expect("an event").action_id;
    desk.post("/undo", &bob, &format!("action={action}&site={}", site_of(&desk))).await;
    let stats = desk.app.store.stats(&[site_of(&desk)], now - jiff::SignedDuration::from_hours(3), now, now).await;
    let stats = stats.expect("stats");
    assert_eq!((stats.moderators.len(), stats.moderators[0].overruled), (1, 0));

    let page = desk.get("/stats", &ana).await.body;
    assert!(page.contains("<svg") && !page.contains("style=") && page.contains("short_link"));
}

#[tokio::test]
async fn rules_are_tried_saved_compared_and_rolled_back() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let site = site_of(&desk);
    desk.held("The zebra crossing again").await;
    let form = |more: &str| format!("site={site}&version=0&threshold.hold_score=1&{more}");

    let wrong = desk.post("/policy", &cookie, &form("patterns=1+fine%0A2+%28&words=%0Acasino&do=check")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("patterns, line 2") && wrong.body.contains("<code>2 (</code>"), "{}", wrong.body);

    let checked = desk.post("/policy", &cookie, &form("words=zebra&try_text=a+zebra&do=check")).await;
    assert!(checked.body.contains("Of the last 1 comments, 0 would"), "{}", checked.body);
    assert!(checked.body.contains("words: zebra") && checked.body.contains("listed_word"));

    let no_reason = desk.post("/policy", &cookie, &form("words=zebra&do=save")).await;
    assert_eq!(no_reason.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(no_reason.body.contains("A reason is needed"));
    let saved = desk.post("/policy", &cookie, &form("words=zebra&do=save&reason=stripes")).await;
    assert_eq!(saved.location(), format!("/policy?site={site}&saved=1"));
    let late = desk.post("/policy", &cookie, &form("words=lion&do=save&reason=late")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("Somebody saved version 1") && late.body.contains("words: lion"));

    let second = form("words=lion&do=save&reason=cats").replace("version=0", "version=1");
    desk.post("/policy", &cookie, &second).await;
    let compared = desk.get(&format!("/policy?site={site}&diff=1"), &cookie).await.body;
    assert!(compared.contains("words: zebra") && compared.contains("words: lion") && compared.contains("stripes"));
    desk.post("/policy/rollback", &cookie, &format!("site={site}&version=1")).await;
    let directory = desk.app.directory();
    let policy = &directory.sites[&site].policy;
    assert_eq!((policy.version, policy.document.lists.words.as_slice()), (3, ["zebra".to_owned()].as_slice()));
}

#[tokio::test]
async fn roles_are_per_site() {
    let desk = Desk::open().await;
    let blog = site_of(&desk);
    let shop = second_site(&desk).await;
    let id = {
        let directory = desk.app.directory();
        let submission = crate::comment::Submission { text: "on the blog".to_owned(), ..Default::default() };
        let key = crate::id::KeyId::fresh(Timestamp::now());
        let judged = desk.app.pipeline.moderate(&directory.sites[&blog], key, submission, None, Timestamp::now()).await;
        judged.expect("a verdict").0.id.expect("stored")
    };
    let administrator = desk.signed_in("ana", Role::Administrator).await;
    let cookie = desk.signed_in("gus", Role::Guest).await;
    let gus = desk.app.store.user_by_email("gus@example.org").await.expect("a database").expect("an account").id;
    let form = format!("role=guest&site.{shop}=moderator");
    assert_eq!(desk.post(&format!("/users/{gus}/roles"), &administrator, &form).await.location(), "/users");

    assert!(!desk.get("/queue", &cookie).await.body.contains("on the blog"));
    assert_eq!(desk.get(&format!("/comments/{id}"), &cookie).await.status, StatusCode::NOT_FOUND);
    let decide = format!("/comments/{id}/decision");
    assert_eq!(desk.post(&decide, &cookie, "status=approved&revision=1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.get("/users", &cookie).await.status, StatusCode::FORBIDDEN);
    assert!(!desk.get("/sites", &cookie).await.body.contains("blog"));

    // Nor is anything told of the other site's numbers, standing decisions or webhook, and nobody of it can be asked.
    assert_eq!(between(&desk.get("/queue", &cookie).await.body, "data-count=\"held\">", "<"), "0");
    let ana = "status=rejected%3Aspam&hours=24";
    desk.post(&format!("/comments/{id}/alike"), &administrator, &format!("pick={id}%401&{ana}")).await;
    let standing = desk.get("/standing", &administrator).await.body;
    assert!(standing.contains("blog") && !desk.get("/standing", &cookie).await.body.contains("blog"));
    let action = between(&standing, "name=\"action\" value=\"", "\"");
    let end = desk.post("/standing/end", &cookie, &format!("site={blog}&action={action}")).await;
    assert_eq!(end.status, StatusCode::FORBIDDEN);
    desk.post(&format!("/comments/{id}/decision"), &administrator, "status=held&revision=2").await;
    desk.post("/leases", &administrator, &format!("comment={id}")).await;
    assert_eq!(desk.post("/leases", &cookie, "").await.body, "{}");
    assert!(!desk.get(&format!("/comments/{id}"), &administrator).await.body.contains(&format!("value=\"{gus}\"")));
    assert_eq!(desk.get("/webhooks", &cookie).await.status, StatusCode::FORBIDDEN);
    assert!(!desk.get("/queue", &cookie).await.body.contains("href=\"/webhooks\""));

    let form = format!("role=guest&site.{shop}=administrator");
    desk.post(&format!("/users/{gus}/roles"), &administrator, &form).await;
    let webhooks = desk.get("/webhooks", &cookie).await.body;
    assert!(webhooks.contains("shop") && !webhooks.contains("blog"));
    let foreign = format!("site={blog}&action=save&url=https%3A%2F%2Fblog.example&hold=5");
    assert_eq!(desk.post("/webhooks", &cookie, &foreign).await.status, StatusCode::FORBIDDEN);

    let form = format!("role=guest&site.{blog}=moderator");
    desk.post(&format!("/users/{gus}/roles"), &administrator, &form).await;
    assert!(desk.get("/queue", &cookie).await.body.contains("on the blog"));
    assert!(desk.get(&format!("/comments/{id}"), &administrator).await.body.contains(&format!("value=\"{gus}\"")));
    let revision = desk.status(id).await.1;
    desk.post(&decide, &cookie, &format!("status=approved&revision={revision}")).await;
    assert_eq!(desk.status(id).await.0, Status::Approved);
}

#[tokio::test]
async fn an_appeal_is_decided_by_somebody_else_who_is_not_told_what_the_first_one_said() {
    let desk = Desk::open().await;
    let ana = desk.signed_in("ana", Role::Moderator).await;
    let ids = [desk.held("the first").await, desk.held("the second").await];
    let decide = |id| format!("/comments/{id}/decision");
    for id in ids {
        desk.post(&decide(id), &ana, "status=rejected&reason=toxic&revision=1").await;
        desk.app.appeal(site_of(&desk), id, Some("Why?".to_owned()), Timestamp::now()).await.expect("an appeal");
    }
    let [first, second] = ids;
    // Who is alone decides again.
    assert!(desk.get(&format!("/comments/{first}"), &ana).await.body.contains("data-action=\"approve\""));
    let bob = desk.signed_in("bob", Role::Moderator).await;

    let own = desk.get(&format!("/comments/{first}"), &ana).await.body;
    assert!(own.contains("so a colleague gives it") && !own.contains("data-action=\"approve\""), "{own}");
    let refused = desk.post(&decide(first), &ana, "status=rejected&reason=spam&revision=3").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    desk.post("/decisions", &ana, &format!("pick={first}%403&pick={second}%403&status=approved")).await;
    let both = format!("pick={first}%403&pick={second}%403&status=approved");
    desk.post(&format!("/comments/{first}/alike"), &ana, &both).await;
    assert_eq!((desk.status(first).await.0, desk.status(second).await.0), (Status::Held, Status::Held));

    let waiting = desk.get("/queue?q=is%3Aappealed", &bob).await.body;
    assert!(waiting.contains(&format!("data-comment-id=\"{first}\"")), "{waiting}");
    let unseen = desk.get(&format!("/comments/{first}"), &bob).await.body;
    assert!(unseen.contains("looked first") && unseen.contains("Why?") && !unseen.contains("rejected it"), "{unseen}");
    desk.post(&decide(first), &bob, "status=approved&revision=3").await;
    assert_eq!(desk.status(first).await.0, Status::Approved);
    let seen = desk.get(&format!("/comments/{first}"), &bob).await.body;
    assert!(seen.contains("rejected it: Toxic") && !seen.contains("looked first"), "{seen}");
}

#[tokio::test]
async fn a_range_of_scores_is_decided_as_one_step_and_later_arrivals_are_left_alone() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let mut loud = Vec::new();
    for n in 0..3 {
        loud.push(
            desk.held(&format!("BUY NOW AT http://bit.ly/abc{n} AND http://bit.ly/def{n} NUMBER {n}{n}{n}")).await,
        );
    }
    let calm = desk.held("A calm sentence about the lake").await;
    let all = desk.get("/matching?status=held", &cookie).await.body;
    assert!(all.contains("4 comments, decided as one") && all.contains("class=\"strip-plot\""), "{all}");
    let some = desk.get("/matching?status=held&by=score&from=0.5&to=20", &cookie).await.body;
    assert!(some.contains("3 comments, decided as one") && !some.contains(&calm.to_string()), "{some}");
    let late = desk.held("BUY NOW AT http://bit.ly/late AND http://bit.ly/later").await;
    let picks: Vec<_> =
        some.match_indices("name=\"pick\" value=\"").map(|(at, found)| &some[at + found.len()..][..15]).collect();
    assert_eq!(picks.len(), 3);
    let form = picks.iter().map(|pick| format!("pick={}&", pick.replace('@', "%40"))).collect::<String>();
    let told = desk.post("/decisions", &cookie, &format!("{form}status=rejected%3Aspam&view=status%3Dheld")).await;
    for id in &loud {
        assert_eq!(desk.status(*id).await.0, Status::Rejected);
    }
    assert_eq!((desk.status(calm).await.0, desk.status(late).await.0), (Status::Held, Status::Held));
    let action = told.location().split_once("done=").expect("an action").1;
    desk.post("/undo", &cookie, &format!("action={action}&site={}", site_of(&desk))).await;
    assert_eq!(desk.status(loud[2]).await.0, Status::Held);
    assert_eq!(desk.get("/matching", &desk.signed_in("vic", Role::Viewer).await).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn somebody_always_administers_the_service() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let ana = desk.app.store.user_by_email("ana@example.org").await.expect("a database").expect("an account").id;
    let refused = desk.post(&format!("/users/{ana}/roles"), &cookie, "role=viewer").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("nobody would administer the service"));
    let refused = desk.post(&format!("/users/{ana}/able"), &cookie, "disabled=true").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_invitation_lets_one_person_in() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let form = format!("role=moderator&site={}&email=bo%40example.org", site_of(&desk));
    let made = desk.post("/users/invite", &cookie, &form).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let link = between(&made.body, "<code id=\"invite-link\">", "</code>").to_owned();
    let path = link.strip_prefix("http://moderato.example").expect("our address");
    assert!(!desk.get("/users", &cookie).await.body.contains(path));

    let form = desk.get(path, "").await.body;
    assert!(form.contains("value=\"bo@example.org\"") && form.contains("moderator"));
    let taken = desk.post(path, "", "name=Bo&email=ana%40example.org&password=long-enough-secret").await;
    assert!(taken.body.contains("There is an account with this e-mail address"));
    let entered = desk.post(path, "", "name=Bo&email=bo%40example.org&password=long-enough-secret").await;
    assert_eq!(entered.location(), "/queue");
    assert_eq!(desk.get("/queue", &entered.cookie()).await.status, StatusCode::OK);
    assert_eq!(desk.get(path, "").await.status, StatusCode::NOT_FOUND);
    let again = desk.post(path, "", "name=Cy&email=cy%40example.org&password=long-enough-secret").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let service = desk.get("/audit?view=service", &cookie).await.body;
    assert!(service.contains("invitation accepted") && service.contains("Bo"));
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_works_once() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let ana = desk.app.store.user_by_email("ana@example.org").await.expect("a database").expect("an account").id;
    desk.post("/account/factor", &cookie, "").await;
    let secret = desk.app.store.second_factor(ana).await.expect("a database").expect("a factor").secret;
    let shown = desk.get("/account", &cookie).await.body;
    assert!(shown.contains(&two_step::secret_text(&secret)) && shown.contains("class=\"qr\""));
    assert_eq!(
        desk.post("/account/factor/confirm", &cookie, "code=000000").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    let code = two_step::code_at(&secret, Timestamp::now());
    let begun = desk.post("/account/factor/confirm", &cookie, &format!("code={code}")).await;
    let recovery = between(&begun.body, "<li><code>", "</code>").to_owned();

    let password = format!("email=ana%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let half = desk.post("/login", "", &password).await;
    assert!(half.body.contains("name=\"code\"") && half.status == StatusCode::OK);
    let half_cookie = half.cookie();
    assert_eq!(desk.get("/queue", &half_cookie).await.status, StatusCode::SEE_OTHER, "not signed in yet");
    let used = desk.post("/login", &half_cookie, &format!("code={code}")).await;
    assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY, "it was used to confirm");
    let whole = desk.post("/login", &half_cookie, &format!("code={}", recovery.to_lowercase())).await;
    assert_eq!(whole.location(), "/queue");
    assert_eq!(desk.get("/queue", &whole.cookie()).await.status, StatusCode::OK);

    let half = desk.post("/login", "", &password).await;
    let twice = desk.post("/login", &half.cookie(), &format!("code={recovery}")).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.post("/login", "", "code=123456").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn other_sessions_end_when_asked_and_when_the_password_changes() {
    let desk = Desk::open().await;
    let first = desk.signed_in("ana", Role::Moderator).await;
    let form = format!("email=ana%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let second = desk.post("/login", "", &form).await.cookie();
    assert_eq!(desk.get("/queue", &first).await.status, StatusCode::OK);
    desk.post("/account/sessions", &second, "").await;
    assert_eq!(desk.get("/queue", &first).await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.get("/queue", &second).await.status, StatusCode::OK);

    let wrong = desk.post("/account/password", &second, "current=nonsense&new=another-long-secret").await;
    assert!(wrong.body.contains("This is not your password"));
    let third = desk.post("/login", "", &form).await.cookie();
    let change = format!("current={}&new=another-long-secret", PASSWORD.replace(' ', "+"));
    assert_eq!(desk.post("/account/password", &third, &change).await.location(), "/account");
    assert_eq!(desk.get("/queue", &second).await.status, StatusCode::SEE_OTHER);
    let user = desk.app.store.user_by_email("ana@example.org").await.expect("a database").expect("an account");
    assert!(secrets::verify_password("another-long-secret", &user.password_hash));
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked_for_good() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let site = site_of(&desk);
    let made = desk.post("/sites/keys", &cookie, &format!("site={site}&scope=submit&scope=read")).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let key = between(&made.body, "<code id=\"new-key\">", "</code>").to_owned();
    assert!(!desk.get("/sites", &cookie).await.body.contains(&key));
    let (id, secret) = secrets::parse_api_key(&key).expect("a key");
    let stored = desk.app.directory().keys[&id].clone();
    assert!(
        secrets::matches(secret, &stored.digest) && stored.scopes.has(Scope::Read) && !stored.scopes.has(Scope::Admin)
    );
    desk.post("/sites/keys/revoke", &cookie, &format!("key={id}")).await;
    assert!(desk.app.directory().keys[&id].revoked_at.is_some());

    let viewer = desk.signed_in("vic", Role::Viewer).await;
    let (_, other) = ApiKey::fresh(site, Scopes::new(vec![Scope::Submit]), Timestamp::now());
    desk.app.store.create_key(other.clone()).await.expect("a key");
    desk.app.reload_directory().await.expect("a directory");
    let refused = desk.post("/sites/keys/revoke", &viewer, &format!("key={}", other.id)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!desk.get("/sites", &viewer).await.body.contains(&other.id.to_string()));
}

#[tokio::test]
async fn the_first_run_is_three_pages_to_a_queue() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Administrator).await;
    let wrong = desk.post("/setup/site", &cookie, "name=My+blog&url=blog").await;
    assert!(wrong.body.contains("This is no web address"));
    let named = desk.post("/setup/site", &cookie, "name=My+blog&url=https%3A%2F%2Fblog.example").await;
    assert!(
        named.body.contains("Waiting for the first comment")
            && named.body.contains("curl http://moderato.example/v1/comments")
    );
    desk.held("hello there").await;
    assert!(desk.get("/setup/received", &cookie).await.body.contains("data-received"));
    let done = desk.post("/setup/strictness", &cookie, "strictness=careful&samples=on").await;
    assert_eq!(done.location(), "/queue");
    let directory = desk.app.directory();
    let entry = &directory.sites[&site_of(&desk)];
    assert_eq!((entry.site.name.as_str(), entry.policy.version), ("My blog", 1));
    assert!(desk.app.store.counts(None).await.expect("counts").held > 10);
}
