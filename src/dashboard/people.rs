//! People: who may do what on which site, and inviting somebody by a link.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::detail::Moment;
use super::form::Fields;
use super::gate::{ClientNetwork, Gate, security};
use super::problem::Failure;
use super::session::{self, Administrator};
use super::sign_in::{Person, PersonMistakes};
use super::texts::{Text, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::id::{EventId, SiteId, UserId};
use crate::secrets;
use crate::store::{Invitation, Role, ServiceNote, StoreError, User};

/// How long an invitation lets somebody in.
const INVITED_FOR: SignedDuration = SignedDuration::from_hours(48);

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    people: Vec<PersonRow>,
    sites: Vec<(String, String)>,
    invitations: Vec<InvitationRow>,
    /// The link of an invitation that was just made; it is not shown again.
    link: Option<String>,
    mistake: Option<Text>,
}

impl UsersPage {
    fn roles(&self) -> [Role; 4] {
        Role::ALL
    }
}

struct PersonRow {
    id: String,
    name: String,
    email: String,
    role: Role,
    /// Each site: its id, its name, the role there if it is another.
    sites: Vec<(String, String, Option<Role>)>,
    has_second_factor: bool,
    is_disabled: bool,
    is_self: bool,
    since: Moment,
}

struct InvitationRow {
    id: String,
    role: Role,
    site: String,
    email: String,
    until: Moment,
}

impl UsersPage {
    async fn new(app: &App, who: &Administrator) -> Result<Self, Failure> {
        let now = Timestamp::now();
        let sites = who.signed_in.sites(app);
        let mut people = Vec::new();
        for user in app.store.users().await? {
            let own = app.store.site_roles(user.id).await?;
            let factor = app.store.second_factor(user.id).await?;
            people.push(PersonRow {
                id: user.id.to_string(),
                is_self: user.id == who.signed_in.user.id,
                is_disabled: user.disabled_at.is_some(),
                has_second_factor: factor.is_some_and(|factor| factor.is_confirmed),
                sites: sites.iter().map(|(id, name)| (id.to_string(), name.clone(), own.get(id).copied())).collect(),
                role: user.role,
                since: Moment::new(user.created_at, now),
                name: user.name,
                email: user.email,
            });
        }
        let name_of = |site: SiteId| sites.iter().find(|(id, _)| *id == site).map(|(_, name)| name.clone());
        let invitation = |found: Invitation| InvitationRow {
            id: found.id.to_string(),
            role: found.role,
            site: found.site.map_or_else(|| t("audit-all").to_string(), |site| name_of(site).unwrap_or_default()),
            email: found.email.unwrap_or_default(),
            until: Moment::new(found.expires_at, now),
        };
        Ok(Self {
            frame: Frame::of_section(app, &who.signed_in, "users", t("users-title")),
            people,
            invitations: app.store.invitations(now).await?.into_iter().map(invitation).collect(),
            sites: sites.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
            link: None,
            mistake: None,
        })
    }
}

/// `GET /users`
pub(super) async fn users(State(app): State<Arc<App>>, who: Administrator) -> Result<Response, Failure> {
    page(StatusCode::OK, &UsersPage::new(&app, &who).await?)
}

/// Whom to invite.
#[derive(Deserialize)]
pub(super) struct Invite {
    role: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    email: String,
}

/// `POST /users/invite`
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    who: Administrator,
    headers: HeaderMap,
    Fields(invite): Fields<Invite>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let role: Role = invite.role.parse().map_err(Failure::BadForm)?;
    let token = secrets::token();
    let invitation = Invitation {
        id: EventId::fresh(now),
        digest: secrets::digest(&token),
        site: invite.site.parse().ok(),
        role,
        email: Some(invite.email.trim().to_lowercase()).filter(|email| !email.is_empty()),
        invited_by: who.signed_in.user.id,
        created_at: now,
        expires_at: now.saturating_add(INVITED_FOR).unwrap_or(Timestamp::MAX),
    };
    let detail = format!("{} {}", role.as_str(), invitation.email.as_deref().unwrap_or_default());
    app.store.invite(invitation).await?;
    who.note(&app, "invited", detail, now).await?;
    let mut users = UsersPage::new(&app, &who).await?;
    users.link = Some(format!("{}/invite/{token}", app.config.base_address(&headers)));
    page(StatusCode::CREATED, &users)
}

/// The invitation to be taken back.
#[derive(Deserialize)]
pub(super) struct Withdraw {
    id: String,
}

/// `POST /users/withdraw`
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    who: Administrator,
    Fields(withdraw): Fields<Withdraw>,
) -> Result<Response, Failure> {
    let id = withdraw.id.parse().map_err(|_| Failure::NotFound("invitation"))?;
    if app.store.withdraw_invitation(id).await? {
        who.note(&app, "invitation_withdrawn", withdraw.id, Timestamp::now()).await?;
    }
    Ok(Redirect::to("/users").into_response())
}

/// `POST /users/{id}/roles`: fields `role`, and `site.<id>` for each site, empty for the same role.
pub(super) async fn set_roles(
    State(app): State<Arc<App>>,
    who: Administrator,
    Path(id): Path<String>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let user: UserId = id.parse().map_err(|_| Failure::NotFound("account"))?;
    let mut everywhere = None;
    let mut sites = Vec::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let role: Role = value.parse().map_err(Failure::BadForm)?;
        match name.strip_prefix("site.").map(str::parse::<SiteId>) {
            Some(Ok(site)) => sites.push((site, role)),
            _ if name == "role" => everywhere = Some(role),
            _ => {}
        }
    }
    let everywhere = everywhere.ok_or_else(|| Failure::BadForm("role is missing".to_owned()))?;
    if !app.store.set_roles(user, everywhere, sites).await? {
        return last_administrator(&app, &who).await;
    }
    who.note(&app, "roles_changed", format!("{id}: {}", everywhere.as_str()), Timestamp::now()).await?;
    Ok(Redirect::to("/users").into_response())
}

/// Whether an account may sign in.
#[derive(Deserialize)]
pub(super) struct Able {
    disabled: bool,
}

/// `POST /users/{id}/able`
pub(super) async fn set_able(
    State(app): State<Arc<App>>,
    who: Administrator,
    Path(id): Path<String>,
    Fields(able): Fields<Able>,
) -> Result<Response, Failure> {
    let user: UserId = id.parse().map_err(|_| Failure::NotFound("account"))?;
    let now = Timestamp::now();
    if !app.store.set_disabled(user, able.disabled.then_some(now)).await? {
        return last_administrator(&app, &who).await;
    }
    let kind = if able.disabled { "account_disabled" } else { "account_enabled" };
    who.note(&app, kind, id, now).await?;
    Ok(Redirect::to("/users").into_response())
}

async fn last_administrator(app: &App, who: &Administrator) -> Result<Response, Failure> {
    let mut users = UsersPage::new(app, who).await?;
    users.mistake = Some(t("users-last-administrator"));
    page(StatusCode::CONFLICT, &users)
}

#[derive(Template)]
#[template(path = "invite.html")]
struct InvitePage {
    token: String,
    role: Role,
    person: Person,
    mistakes: PersonMistakes,
}

async fn open_invitation(app: &App, token: &str) -> Result<Invitation, Failure> {
    let found = app.store.invitation(&secrets::digest(token), Timestamp::now()).await?;
    found.ok_or(Failure::NotFound("invitation"))
}

/// `GET /invite/{token}`
pub(super) async fn invited(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Failure> {
    let invitation = open_invitation(&app, &token).await?;
    let person = Person { email: invitation.email.unwrap_or_default(), ..Person::default() };
    let form = InvitePage { token, role: invitation.role, person, mistakes: PersonMistakes::default() };
    page(StatusCode::OK, &form)
}

/// `POST /invite/{token}`
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    ClientNetwork(network): ClientNetwork,
    headers: HeaderMap,
    jar: CookieJar,
    Path(token): Path<String>,
    Fields(person): Fields<Person>,
) -> Result<Response, Failure> {
    let invitation = open_invitation(&app, &token).await?;
    let again = |person: Person, mistakes| {
        page(
            StatusCode::UNPROCESSABLE_ENTITY,
            &InvitePage { token: token.clone(), role: invitation.role, person, mistakes },
        )
    };
    if let Some(mistakes) = person.mistakes() {
        return again(person, mistakes);
    }
    let now = Timestamp::now();
    let user = User {
        id: UserId::fresh(now),
        email: person.email.trim().to_lowercase(),
        name: person.name.trim().to_owned(),
        role: Role::Guest,
        password_hash: gate.hash(person.password.clone()).await?,
        created_at: now,
        disabled_at: None,
    };
    let id = user.id;
    match app.store.accept_invitation(invitation.digest.clone(), user, now).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::NotFound("invitation")),
        Err(StoreError::Exists) => {
            let mistakes = PersonMistakes { email: Some(t("users-email-taken")), ..PersonMistakes::default() };
            return again(person, mistakes);
        }
        Err(error) => return Err(error.into()),
    }
    security(
        &app,
        ServiceNote {
            site: invitation.site,
            kind: "invitation_accepted",
            actor: Some(crate::store::Actor::User(id)),
            detail: invitation.role.as_str().to_owned(),
            network: Some(network),
            at: now,
        },
    )
    .await;
    let jar = session::begin(&app, jar, id, &headers, now).await?;
    Ok((jar, Redirect::to("/queue")).into_response())
}
