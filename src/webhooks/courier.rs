//! Posting to addresses that strangers chose: no redirects, no proxy, little time, and an answer that is cut short.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use super::signature::{Secret, signatures};
use super::target::{Allowed, Forbidden, Guard, Lookup, Reach, Target, system_lookup};
use crate::certificates;

/// Time for a whole delivery.
pub(super) const TIME: Duration = Duration::from_secs(15);
/// Time for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// What is read of an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// Longest description of a failure, in characters.
const MAX_ERROR: usize = 200;

/// Something to be posted.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// Where to.
    pub target: &'a Target,
    /// The same on every attempt.
    pub id: &'a str,
    /// What it is signed with; nothing for a callback, which has a form of its own.
    pub secrets: &'a [Secret],
    /// What is sent: JSON.
    pub body: &'a str,
}

/// What came of posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// Why it does not count as delivered; in our words, never the receiver's.
    pub error: Option<String>,
    /// The pause that the receiver asked for.
    pub retry_after: Option<Duration>,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Whether the receiver took it.
    pub fn is_delivered(&self) -> bool {
        self.error.is_none()
    }

    /// Whether the receiver wants nothing more, ever: 410 Gone.
    pub fn is_gone(&self) -> bool {
        self.status == Some(StatusCode::GONE.as_u16())
    }

    /// Whether the receiver is overloaded.
    pub fn is_overloaded(&self) -> bool {
        matches!(self.status, Some(429 | 502 | 503 | 504))
    }
}

/// Posts parcels.
#[derive(Clone)]
pub struct Courier {
    networks: Arc<[IpNet]>,
    /// Reaches the public internet and the configured networks.
    everywhere: Client,
    /// Reaches the configured networks only.
    inside: Client,
    /// Reaches a site's own address wherever it is.
    home: Client,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("networks", &self.networks).finish_non_exhaustive()
    }
}

impl Courier {
    /// A courier that goes to public addresses and to `networks`.
    ///
    /// # Errors
    ///
    /// When no client can be made.
    pub fn new(networks: &[IpNet]) -> anyhow::Result<Self> {
        Self::with_lookup(networks, system_lookup())
    }

    pub(super) fn with_lookup(networks: &[IpNet], lookup: Lookup) -> anyhow::Result<Self> {
        let networks: Arc<[IpNet]> = networks.into();
        let client = |reach| {
            certificates::client(|| {
                let allowed = Allowed { networks: networks.clone(), reach };
                Client::builder()
                    .dns_resolver(Arc::new(Guard { allowed, lookup: lookup.clone() }))
                    .redirect(Policy::none())
                    .no_proxy()
                    .timeout(TIME)
                    .connect_timeout(CONNECT)
                    .pool_idle_timeout(Duration::from_secs(30))
                    .pool_max_idle_per_host(4)
                    .user_agent(concat!("Moderato/", env!("CARGO_PKG_VERSION")))
            })
        };
        let (everywhere, inside, home) = (client(Reach::Public)?, client(Reach::Configured)?, client(Reach::Own)?);
        Ok(Self { everywhere, inside, home, networks })
    }

    /// Reads an address, as [`Target::parse`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn target(&self, text: &str) -> Result<Target, String> {
        Target::parse(text, &self.networks)
    }

    /// Posts a parcel, signed as of `now`. Never fails: what went wrong is part of the answer.
    pub async fn post(&self, parcel: Parcel<'_>, now: Timestamp) -> Answer {
        let started = Instant::now();
        let mut answer = match self.send(&parcel, now).await {
            Ok(response) => read(response, now).await,
            Err(error) => {
                Answer { status: None, error: Some(failure(&error)), retry_after: None, took: Duration::ZERO }
            }
        };
        answer.took = started.elapsed();
        answer
    }

    async fn send(&self, parcel: &Parcel<'_>, now: Timestamp) -> Result<Response, anyhow::Error> {
        let allowed = Allowed { networks: self.networks.clone(), reach: parcel.target.reach };
        // A host that is a number is never resolved, so the guard does not see it.
        let host = parcel.target.url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if literal.is_some_and(|ip| !allowed.allows(ip)) {
            return Err(Forbidden.into());
        }
        let client = match parcel.target.reach {
            Reach::Public => &self.everywhere,
            Reach::Configured => &self.inside,
            Reach::Own => &self.home,
        };
        let mut request = client
            .post(parcel.target.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(parcel.body.to_owned());
        request = if parcel.secrets.is_empty() {
            // WordPress' plugin tells by it that the change is no feedback of a person.
            request.header("x-akismet-webhook", "1")
        } else {
            request
                .header("webhook-id", parcel.id)
                .header("webhook-timestamp", now.as_second())
                .header("webhook-signature", signatures(parcel.secrets, parcel.id, now, parcel.body))
        };
        Ok(request.send().await?)
    }
}

async fn read(mut response: Response, now: Timestamp) -> Answer {
    let status = response.status();
    let retry_after = retry_after(response.headers(), now);
    // What is said does not matter, but a connection can be used again only when it was read.
    let mut left = MAX_ANSWER;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    let error = match status {
        status if status.is_success() => None,
        StatusCode::GONE => Some("410 Gone: the receiver wants nothing more".to_owned()),
        status if status.is_redirection() => {
            Some(format!("{status}: redirects are not followed; set the address that it leads to"))
        }
        status => Some(status.to_string()),
    };
    Answer { status: Some(status.as_u16()), error, retry_after, took: Duration::ZERO }
}

/// The pause that `Retry-After` asks for, as seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(until.duration_since(now)).ok()
}

/// What went wrong, in few words and none of the receiver's.
fn failure(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    let text = match error.downcast_ref::<reqwest::Error>() {
        Some(error) if error.is_timeout() => format!("no answer within {} seconds", TIME.as_secs()),
        // The first ones only repeat the address.
        Some(_) => chain.into_iter().next_back().unwrap_or_default(),
        None => chain.join(": "),
    };
    text.chars().take(MAX_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;

    /// A listener on loopback that counts who comes.
    async fn listener() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(AtomicUsize::new(0));
        let count = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        (port, seen)
    }

    async fn post(courier: &Courier, url: &str) -> Result<Answer, String> {
        let target = courier.target(url)?;
        let secrets = [Secret::fresh()];
        let parcel = Parcel { target: &target, id: "msg_1", secrets: &secrets, body: "{}" };
        Ok(courier.post(parcel, Timestamp::UNIX_EPOCH).await)
    }

    /// Ways to write an address that is not public; `{}` is the port of the listener.
    fn hostile() -> Vec<String> {
        let hosts = [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0x7f.0x0.0x0.0x1",
            "127.000.000.001",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "0",
            "0.0.0.0",
            "0x0",
            "127.255.255.255",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "LocalHost.",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "[::ffff:169.254.169.254]",
            "168.63.129.16",
            "100.100.100.200",
            "ann@127.0.0.1",
            "site.example@127.0.0.1",
            "127.0.0.1#@site.example",
            "127.0.0.1?@site.example",
        ];
        let forms = ["https://{h}/", "https://{h}:{p}/", "http://{h}:{p}/hook"];
        let mut urls: Vec<String> =
            hosts.iter().flat_map(|host| forms.iter().map(move |form| form.replace("{h}", host))).collect();
        urls.extend(
            [
                "//127.0.0.1:{p}/",
                "https:127.0.0.1:{p}",
                "https:\\\\127.0.0.1:{p}\\",
                "HTTPS://127.0.0.1:{p}/",
                " https://127.0.0.1:{p}/",
                "https://127.0.0.1\t:{p}/",
                "file:///etc/passwd",
                "gopher://127.0.0.1:{p}/",
                "ftp://127.0.0.1:{p}/",
                "unix:/run/service.sock",
                "javascript:fetch('https://127.0.0.1')",
            ]
            .map(str::to_owned),
        );
        urls
    }

    #[tokio::test]
    async fn a_hundred_and_fifty_hostile_addresses_reach_nobody() {
        let (port, seen) = listener().await;
        let courier = Courier::new(&[]).expect("a courier");
        let urls = hostile();
        assert!(urls.len() >= 150, "{}", urls.len());
        for url in urls {
            let url = url.replace("{p}", &port.to_string());
            let outcome = post(&courier, &url).await;
            assert!(
                outcome.as_ref().is_err() || outcome.as_ref().is_ok_and(|a| a.status.is_none()),
                "{url}: {outcome:?}"
            );
        }
        assert_eq!(seen.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_name_that_changes_between_check_and_connect_gains_nothing() {
        let (port, seen) = listener().await;
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        // Public at the first question, in a part of the net that nobody has; loopback at the second.
        let lookup: Lookup = Arc::new(move |_| {
            let is_first = count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
            let ip = if is_first { "2000::1" } else { "127.0.0.1" };
            Box::pin(async move { Ok(vec![SocketAddr::new(ip.parse().expect("an address"), port)]) })
        });
        let courier = Courier::with_lookup(&[], lookup).expect("a courier");
        let first = post(&courier, "https://rebinding.example/").await.expect("a target");
        assert_eq!(
            (first.status, asked.load(Ordering::SeqCst)),
            (None, 1),
            "it is asked once, and that answer is called"
        );
        let second = post(&courier, "https://rebinding.example/").await.expect("a target");
        assert!(second.error.is_some_and(|error| error.contains("no public address")));
        assert_eq!((asked.load(Ordering::SeqCst), seen.load(Ordering::SeqCst)), (2, 0));
    }

    #[tokio::test]
    async fn of_several_addresses_only_the_allowed_ones_are_called() {
        let (port, seen) = listener().await;
        let lookup: Lookup = Arc::new(move |_| {
            Box::pin(async move {
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([10, 0, 0, 1], port))])
            })
        });
        let inside = ["127.0.0.1/32".parse().expect("a network")];
        let courier = Courier::with_lookup(&inside, lookup.clone()).expect("a courier");
        assert_eq!(post(&courier, &format!("http://inside.example:{port}/")).await.map(|a| a.status), Ok(None));
        assert!(seen.load(Ordering::SeqCst) >= 1, "the configured network is called");
        let before = seen.load(Ordering::SeqCst);
        let strict = Courier::with_lookup(&[], lookup).expect("a courier");
        let answer = post(&strict, "https://outside.example/").await.expect("a target");
        assert!(answer.error.is_some_and(|error| error.contains("no public address")));
        assert_eq!(seen.load(Ordering::SeqCst), before);
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_date() {
        let wanted = |value: &str| {
            let headers = [(RETRY_AFTER, value.parse().expect("a value"))].into_iter().collect();
            retry_after(&headers, Timestamp::from_second(1_445_412_450).expect("a time")).map(|pause| pause.as_secs())
        };
        assert_eq!(wanted("120"), Some(120));
        assert_eq!(wanted("Wed, 21 Oct 2015 07:28:00 GMT"), Some(30));
        assert_eq!(wanted("Wed, 21 Oct 2009 07:28:00 GMT"), None);
        assert_eq!(wanted("soon"), None);
    }
}
