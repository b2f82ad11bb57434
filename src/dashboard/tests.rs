//! The dashboard through its router, with a real database.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use jiff::Timestamp;
use tower::ServiceExt;

use super::routes;
use crate::app::App;
use crate::comment::Submission;
use crate::config::Config;
use crate::id::{CommentId, KeyId, SiteId, UserId};
use crate::limits::LimitsConfig;
use crate::secrets;
use crate::store::{Actor, Resolution, Role, Site, User};
use crate::verdict::Status;

pub(super) const PASSWORD: &str = "correct horse battery";

pub(super) struct Desk {
    pub(super) app: Arc<App>,
    router: Router,
    _dir: tempfile::TempDir,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).expect("a redirect").to_str().expect("text")
    }

    pub(super) fn cookie(&self) -> String {
        let cookie = self.headers.get(header::SET_COOKIE).expect("a cookie").to_str().expect("text");
        cookie.split(';').next().expect("a value").to_owned()
    }
}

impl Desk {
    pub(super) async fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // Without a model every comment is held, whatever model this version ships.
        let none = dir.path().join("no-model");
        let config = Config {
            data_dir: dir.path().to_owned(),
            limits: LimitsConfig::OFF,
            models: Some(none),
            ..Config::default()
        };
        let app = App::start(config).await.expect("a service");
        let now = Timestamp::now();
        let site =
            Site { id: SiteId::fresh(now), name: "blog".to_owned(), url: None, webhook_url: None, created_at: now };
        app.store.create_site(site).await.expect("a site");
        app.reload_directory().await.expect("a directory");
        let router = routes(&app).with_state(app.clone());
        Self { app, router, _dir: dir }
    }

    pub(super) async fn user(&self, name: &str, role: Role) -> UserId {
        let now = Timestamp::now();
        let id = UserId::fresh(now);
        let user = User {
            id,
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            role,
            password_hash: secrets::hash_password(PASSWORD).expect("a hash"),
            created_at: now,
            disabled_at: None,
        };
        self.app.store.create_user(user).await.expect("an account");
        id
    }

    /// The cookie of somebody who is signed in.
    pub(super) async fn signed_in(&self, name: &str, role: Role) -> String {
        self.user(name, role).await;
        let form = format!("email={name}%40example.org&password={}", PASSWORD.replace(' ', "+"));
        self.post("/login", "", &form).await.cookie()
    }

    pub(super) async fn comment(&self, submission: Submission) -> CommentId {
        let directory = self.app.directory();
        let site = directory.sites.values().next().expect("a site");
        let key = KeyId::fresh(Timestamp::now());
        let (judged, _) =
            self.app.pipeline.moderate(site, key, submission, None, Timestamp::now()).await.expect("a verdict");
        judged.id.expect("stored")
    }

    pub(super) async fn held(&self, text: &str) -> CommentId {
        self.comment(Submission { text: text.to_owned(), ..Submission::default() }).await
    }

    pub(super) async fn status(&self, id: CommentId) -> (Status, i64) {
        let comment = self.app.store.comment(None, id).await.expect("a database").expect("a comment");
        (comment.status, comment.revision)
    }

    pub(super) async fn get(&self, address: &str, cookie: &str) -> Page {
        self.send(Request::get(address).header(header::COOKIE, cookie).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn post(&self, address: &str, cookie: &str, form: &str) -> Page {
        self.send(Self::form(address, cookie, form).body(Body::from(form.to_owned())).expect("a request")).await
    }

    fn form(address: &str, cookie: &str, _form: &str) -> axum::http::request::Builder {
        Request::post(address)
            .header(header::COOKIE, cookie)
            .header(header::HOST, "moderato.example")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 4 << 20).await.expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("text");
        Page { status: parts.status, headers: parts.headers, body }
    }
}

pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("{before} in {text}")) + before.len();
    let length = text[start..].find(after).expect("an end");
    &text[start..start + length]
}

#[tokio::test]
async fn the_first_administrator_needs_the_code_and_it_works_once() {
    let desk = Desk::open().await;
    let code = secrets::setup_code();
    desk.app.store.replace_setup_code(secrets::digest(&code), Timestamp::now()).await.expect("a code");
    assert_eq!(desk.get("/login", "").await.location(), "/setup");
    assert!(desk.get("/setup", "").await.body.contains("name=\"code\""));

    let form =
        |code: &str, password: &str| format!("code={code}&name=Ana+B&email=Ana%40example.org&password={password}");
    let wrong = desk.post("/setup", "", &form("AAAA-AAAA", "long-enough-secret")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("This is not the code") && wrong.body.contains("value=\"Ana B\""));
    assert!(!wrong.body.contains("long-enough-secret"));
    let short = desk.post("/setup", "", &form(&code, "short")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.body.contains("At least 10 characters"));

    // The way people type it.
    let typed = code.to_lowercase().replace('-', "+");
    let made = desk.post("/setup", "", &form(&typed, "long-enough-secret")).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/setup/site"));
    let set = made.headers.get(header::SET_COOKIE).expect("a cookie").to_str().expect("text").to_owned();
    for part in ["__Host-sid=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert_eq!(desk.get("/queue", &made.cookie()).await.status, StatusCode::OK);

    let again = desk.post("/setup", "", &form(&code, "long-enough-secret")).await;
    assert_eq!(again.location(), "/login");
    assert_eq!(desk.app.store.users().await.expect("users").len(), 1);
}

#[tokio::test]
async fn guessing_the_setup_code_is_slowed_down() {
    let desk = Desk::open().await;
    let mut last = StatusCode::OK;
    for guess in 0..11 {
        let form = format!("code=AAAA-{guess:04}&name=A&email=a%40example.org&password=long-enough-secret");
        last = desk.post("/setup", "", &form).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_look_the_same() {
    let desk = Desk::open().await;
    desk.user("ana", Role::Moderator).await;
    let wrong = desk.post("/login", "", "email=ana%40example.org&password=wrong-wrong").await;
    let unknown = desk.post("/login", "", "email=bob%40example.org&password=wrong-wrong").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(wrong.body.replace("ana@", "bob@"), unknown.body);
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn signing_in_leads_on_and_signing_out_ends_the_session() {
    let desk = Desk::open().await;
    desk.user("ana", Role::Moderator).await;
    let to_login = desk.get("/queue?status=rejected", "").await;
    assert_eq!(to_login.location(), "/login?next=%2Fqueue%3Fstatus%3Drejected");
    let form = "email=ANA%40example.org&password=correct+horse+battery&next=%2Fqueue%3Fstatus%3Drejected";
    let signed_in = desk.post("/login", "", form).await;
    assert_eq!(signed_in.location(), "/queue?status=rejected");
    let cookie = signed_in.cookie();
    let queue = desk.get("/queue", &cookie).await;
    assert_eq!(queue.headers.get(header::CACHE_CONTROL).expect("a header"), "no-store");
    assert_eq!(desk.post("/logout", &cookie, "").await.location(), "/login?bye=1");
    assert_eq!(desk.get("/queue", &cookie).await.location(), "/login?next=%2Fqueue");
    assert_eq!(desk.post("/undo", &cookie, "action=a&site=b").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let desk = Desk::open().await;
    desk.user("ana", Role::Moderator).await;
    let mut reached = 0;
    for _ in 0..15 {
        let answer = desk.post("/login", "", "email=ana%40example.org&password=wrong").await;
        reached += usize::from(answer.status == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(reached, 10);
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    for address in ["/login", "/queue", "/comments/nothing", "/assets/nothing.css"] {
        let answer = desk.get(address, &cookie).await;
        let policy = answer.headers.get(header::CONTENT_SECURITY_POLICY).expect(address).to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{address}");
        assert_eq!(answer.headers.get(header::X_CONTENT_TYPE_OPTIONS).expect(address), "nosniff");
        assert_eq!(answer.headers.get(header::REFERRER_POLICY).expect(address), "same-origin");
    }
    let style = super::assets::address("app.css");
    let answer = desk.get(style, "").await;
    assert!(answer.headers.get(header::CACHE_CONTROL).expect("a header").to_str().expect("text").contains("immutable"));
}

#[tokio::test]
async fn a_decision_goes_on_to_the_next_comment_and_can_be_taken_back() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let (older, newer) = (desk.held("the older one").await, desk.held("the newer one").await);

    let queue = desk.get("/queue", &cookie).await;
    assert!(queue.body.contains(&format!("data-comment-id=\"{newer}\"")));
    assert!(queue.body.contains("no model was loaded") && queue.body.contains("The model did not load"));

    let decided = desk
        .post(&format!("/comments/{newer}/decision"), &cookie, "status=rejected&reason=spam&revision=1&view=")
        .await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER);
    assert!(decided.location().contains(&format!("comment={older}")), "{}", decided.location());
    assert_eq!(desk.status(newer).await, (Status::Rejected, 2));

    let next = desk.get(decided.location(), &cookie).await;
    assert!(next.body.contains("Rejected “the newer one” (Spam)."), "{}", next.body);
    let action = between(&next.body, "name=\"action\" value=\"", "\"");
    let site = between(&next.body, "name=\"site\" value=\"", "\"");
    let undone = desk.post("/undo", &cookie, &format!("action={action}&site={site}")).await;
    assert_eq!(desk.status(newer).await, (Status::Held, 3));
    let back = desk.get(undone.location(), &cookie).await;
    assert!(back.body.contains("Taken back: “the newer one” is held again."));

    let history = desk.get(&format!("/comments/{newer}"), &cookie).await.body;
    for said in ["received it: held", "rejected it: Spam", "took a decision back: held again", ">ana<"] {
        assert!(history.contains(said), "{said}");
    }
}

#[tokio::test]
async fn whoever_comes_second_is_told_who_was_faster() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let bob = desk.user("bob", Role::Moderator).await;
    let id = desk.held("contested").await;
    let site = *desk.app.directory().sites.keys().next().expect("a site");
    let resolution = Resolution {
        status: Status::Approved,
        reason: None,
        note: None,
        actor: Actor::User(bob),
        shown_at: None,
        at: Timestamp::now(),
    };
    desk.app.resolve(site, vec![(id, Some(1))], resolution).await.expect("a decision");

    let address = format!("/comments/{id}/decision");
    let late = desk.post(&address, &cookie, "status=rejected&reason=spam&revision=1").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("bob approved this "), "{}", late.body);
    assert_eq!(desk.status(id).await, (Status::Approved, 2));

    let form = "status=rejected&reason=spam&revision=1";
    let request = Desk::form(&address, &cookie, form).header(header::ACCEPT, "application/json");
    let late = desk.send(request.body(Body::from(form)).expect("a request")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let body: serde_json::Value = serde_json::from_str(&late.body).expect("JSON");
    assert_eq!((&body["status"], &body["revision"]), (&"approved".into(), &2.into()));

    desk.post(&address, &cookie, "status=rejected&reason=spam&revision=2").await;
    assert_eq!(desk.status(id).await, (Status::Rejected, 3));
}

#[tokio::test]
async fn a_viewer_looks_and_does_nothing() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("vic", Role::Viewer).await;
    let id = desk.held("something").await;
    let queue = desk.get("/queue", &cookie).await.body;
    assert!(queue.contains("something") && !queue.contains("/decision") && !queue.contains("/undo"));
    let refused = desk.post(&format!("/comments/{id}/decision"), &cookie, "status=approved&revision=1").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.status(id).await, (Status::Held, 1));
}

#[tokio::test]
async fn a_request_from_another_website_changes_nothing() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let id = desk.held("something").await;
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let request = Request::post(format!("/comments/{id}/decision"))
            .header(header::COOKIE, &cookie)
            .header(header::HOST, "moderato.example")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("status=approved&revision=1"))
            .expect("a request");
        let refused = desk.send(request).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(refused.body.contains("Another website sent this"));
    }
    assert_eq!(desk.status(id).await, (Status::Held, 1));
}

#[tokio::test]
async fn hostile_text_is_text_on_every_page() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\u{202e}";
    let filled = || Some(evil.to_owned());
    let id = desk
        .comment(Submission {
            name: filled(),
            email: filled(),
            url: Some("javascript:alert(1)//<script>".to_owned()),
            page: filled(),
            page_title: filled(),
            user_agent: filled(),
            referrer: filled(),
            locale: filled(),
            author_role: filled(),
            honeypot: filled(),
            external_id: filled(),
            text: evil.to_owned(),
            ..Submission::default()
        })
        .await;
    for address in ["/queue".to_owned(), format!("/comments/{id}")] {
        let body = desk.get(&address, &cookie).await.body;
        assert!(!body.contains("<script>") && !body.contains("<img") && !body.contains("\u{202e}"), "{address}");
        assert!(!body.contains("href=\"javascript") && body.contains("no website: javascript:"), "{address}");
        assert!(body.contains("&#60;script&#62;") || body.contains("&lt;script&gt;"), "{address}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_kindly() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let first = desk.get("/queue", &cookie).await;
    assert!(first.body.contains("Waiting for the first comment") && first.body.contains("curl http://"));
    for address in ["/comments/nonsense", "/comments/0000000000001"] {
        let missing = desk.get(address, &cookie).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert!(missing.body.contains("There is no such comment"));
    }
    let form = "status=published&revision=1";
    let id = desk.held("something").await;
    assert_eq!(
        desk.post(&format!("/comments/{id}/decision"), &cookie, form).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        desk.post(&format!("/comments/{id}/decision"), &cookie, "x=1").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_long_queue_is_paged_by_key() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    for n in 0..51 {
        desk.held(&format!("comment {n}")).await;
    }
    let queue = desk.get("/queue?sort=newest", &cookie).await.body;
    assert_eq!(queue.matches("data-comment-id").count(), 50);
    let older = between(&queue, "rel=\"next\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
    let rest = desk.get(&older, &cookie).await.body;
    assert_eq!(rest.matches("data-comment-id").count(), 1);
    assert!(rest.contains("comment 0") && rest.contains("« First"));
}

#[tokio::test]
async fn pages_speak_the_browsers_language_until_another_is_chosen() {
    let desk = Desk::open().await;
    let cookie = desk.signed_in("ana", Role::Moderator).await;
    let request = |cookie: &str| {
        Request::get("/account").header(header::COOKIE, cookie).header(header::ACCEPT_LANGUAGE, "de-AT,en;q=0.5")
    };
    let german = desk.send(request(&cookie).body(Body::empty()).expect("a request")).await;
    assert!(german.body.contains("<html lang=\"de\" dir=\"ltr\"") && german.body.contains("Ihr Konto"));

    let chosen = desk.post("/account/choices", &cookie, "language=en&zone=Europe%2FBerlin&theme=dark&veil=on").await;
    let both = format!("{cookie}; {}", chosen.cookie());
    let english = desk.send(request(&both).body(Body::empty()).expect("a request")).await;
    assert!(english.body.contains("lang=\"en\"") && english.body.contains("data-theme=\"dark\""), "{}", english.body);
    assert!(english.body.contains("value=\"Europe/Berlin\" autocomplete"));

    let wrong = desk.post("/account/choices", &cookie, "zone=Atlantis").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("There is no such time zone") && wrong.body.contains("value=\"Atlantis\""));
}
