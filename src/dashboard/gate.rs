//! What stands between the network and the password hash: limits on guessing, and turns at hashing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use tokio::sync::{OnceCell, Semaphore};
use tracing::{info, warn};

use super::problem::Failure;
use crate::app::App;
use crate::client_address::client_address;
use crate::comment::network_of;
use crate::secrets;
use crate::store::{ServiceNote, User};
use crate::throttle::Throttle;

/// Passwords that are hashed at once: each takes a core and 19 MiB.
const HASHING: usize = 2;

/// What stands between the network and the password hash.
#[derive(Debug)]
pub(super) struct Gate {
    /// Attempts on one account.
    pub(super) accounts: Throttle,
    /// Attempts from one network.
    pub(super) addresses: Throttle,
    /// Attempts at the setup code.
    pub(super) setup: Throttle,
    hashing: Semaphore,
    /// What the password of an unknown account is compared with, so that it takes as long.
    nobodys_hash: OnceCell<String>,
}

impl Gate {
    /// A gate that nobody has knocked at.
    pub(super) fn new() -> Self {
        Self {
            accounts: Throttle::new(10, Duration::from_secs(30)),
            addresses: Throttle::new(20, Duration::from_secs(6)),
            setup: Throttle::new(10, Duration::from_secs(6)),
            hashing: Semaphore::new(HASHING),
            nobodys_hash: OnceCell::new(),
        }
    }

    /// Runs something that takes a core for tens of milliseconds.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let _turn = self.hashing.acquire().await.context("waiting for a turn to hash")?;
        Ok(tokio::task::spawn_blocking(work).await.context("hashing a password")?)
    }

    /// Hashes a password when its turn has come.
    pub(super) async fn hash(&self, password: String) -> Result<String, Failure> {
        Ok(self.hashing(move || secrets::hash_password(&password)).await??)
    }

    /// Whether the password is this account's; takes as long when there is no account.
    pub(super) async fn verify(&self, user: Option<&User>, password: String) -> Result<bool, Failure> {
        let hash = match user {
            Some(user) => user.password_hash.clone(),
            None => self.nobodys_hash.get_or_try_init(|| self.hash(secrets::token())).await?.clone(),
        };
        let right = self.hashing(move || secrets::verify_password(&password, &hash)).await?;
        Ok(right && user.is_some_and(|user| user.disabled_at.is_none()))
    }
}

/// The network that a request came from: an IPv4 address, or the /64 of an IPv6 address.
pub(super) struct ClientNetwork(pub String);

impl FromRequestParts<Arc<App>> for ClientNetwork {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self(network_of(client_address(peer, &parts.headers, &app.config.trusted_proxies))))
    }
}

/// Logs something that matters to security, under a name of its own, and keeps it for the audit page. What is done does not
/// depend on it.
pub(super) async fn security(app: &App, note: ServiceNote) {
    let actor = note.actor.as_ref().map(ToString::to_string).unwrap_or_default();
    let network = note.network.as_deref().unwrap_or_default();
    info!(security.event = note.kind, actor, network, "security: {} {}", note.kind, note.detail);
    if let Err(error) = app.store.note_service_event(note).await {
        warn!("a security event could not be stored: {error:?}");
    }
}
