//! Which addresses the service may call: no private, loopback, link-local or metadata address, in whatever form it is written.
//!
//! Names are resolved here and the connection is made to the very address that was checked, so a name server that
//! changes its answer gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Ports that are called outside of the configured networks.
const PUBLIC_PORTS: [u16; 2] = [443, 8443];
/// Longest address, in bytes.
const MAX_URL: usize = 2_048;

/// IPv4 networks that are nobody's public address: RFC 6890 and its successors, and the metadata address that lies outside.
const NOT_PUBLIC_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Parts of 2000::/3 that lead elsewhere: protocol assignments with Teredo, documentation, 6to4, segment routing's neighbour.
const NOT_PUBLIC_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address belongs to the public internet. IPv4 addresses inside IPv6 are judged as what they are; NAT64, 6to4
/// and Teredo, which lead to any IPv4 address, are not public.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4
            .iter()
            .any(|&(network, bits)| ipnet::Ipv4Net::new(network, bits).is_ok_and(|network| network.contains(&v4))),
        IpAddr::V6(v6) => {
            // Only 2000::/3 is given out; so ::, ::1, ::a.b.c.d, 64:ff9b::/96, 5f00::/16, fc00::/7, fe80::/10 and ff00::/8 are out.
            v6.segments()[0] & 0xe000 == 0x2000
                && !NOT_PUBLIC_V6.iter().any(|&(network, bits)| {
                    ipnet::Ipv6Net::new(network, bits).is_ok_and(|network| network.contains(&v6))
                })
        }
    }
}

/// Whether an address is one that people give their own machines: loopback and private networks. Link-local ones, where clouds
/// keep their metadata, are not.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// How far an address may lead, beside the configured networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nowhere else.
    Configured,
    /// The public internet.
    Public,
    /// The public internet and private networks: it is the site's own address, which an operator registered.
    Own,
}

/// Which addresses may be called.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// Networks of the configuration.
    pub(super) networks: Arc<[IpNet]>,
    /// What else.
    pub(super) reach: Reach,
}

impl Allowed {
    /// Whether this address may be called.
    pub(super) fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_within_reach = match self.reach {
            Reach::Configured => false,
            Reach::Public => is_public(ip),
            Reach::Own => is_public(ip) || is_private(ip),
        };
        is_within_reach || self.networks.iter().any(|network| network.contains(&ip))
    }
}

/// An address that may be called, as far as can be said before its name is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub url: Url,
    /// Where it may lead.
    pub(super) reach: Reach,
}

impl Target {
    /// Reads an address. Outside of `networks` it must be `https` on port 443 or 8443.
    ///
    /// # Errors
    ///
    /// Says in a sentence what is wrong with it.
    pub fn parse(text: &str, networks: &[IpNet]) -> Result<Self, String> {
        let url = web_address(text)?;
        let port = url.port_or_known_default().unwrap_or_default();
        let public = url.scheme() == "https" && PUBLIC_PORTS.contains(&port);
        let reach = if public { Reach::Public } else { Reach::Configured };
        let allowed = Allowed { networks: networks.into(), reach };
        let ip = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(name)) if !name.trim_end_matches('.').is_empty() => None,
            _ => return Err("an address with the name of a host is expected".to_owned()),
        };
        match ip {
            Some(ip) if !allowed.allows(ip) => Err(if public {
                "this address is not public; an operator can allow its network by the setting webhooks.networks"
                    .to_owned()
            } else {
                ONLY_HTTPS.to_owned()
            }),
            None if !public && networks.is_empty() => Err(ONLY_HTTPS.to_owned()),
            _ => Ok(Self { url, reach }),
        }
    }

    /// An address on the very origin that a site was registered with, which may be on a private network, on any port and without
    /// encryption; `None` when it is elsewhere.
    pub fn on_site(text: &str, site: &str) -> Option<Self> {
        let (url, site) = (web_address(text).ok()?, Url::parse(site).ok()?);
        (url.origin() == site.origin()).then_some(Self { url, reach: Reach::Own })
    }
}

/// A web address that names nobody.
fn web_address(text: &str) -> Result<Url, String> {
    if text.len() > MAX_URL {
        return Err(format!("an address of at most {MAX_URL} characters is expected"));
    }
    let url = Url::parse(text.trim()).map_err(|error| format!("this is no web address: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("an address that begins with https:// is expected".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address without a user name or password is expected".to_owned());
    }
    Ok(url)
}

const ONLY_HTTPS: &str = "https:// on port 443 or 8443 is expected; other addresses only in networks that an operator \
                          allowed by the setting webhooks.networks";

/// How names become addresses.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// As the operating system is configured.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.collect())
        })
    })
}

/// Resolves names to addresses that may be called, and to no others.
pub(super) struct Guard {
    pub(super) allowed: Allowed,
    pub(super) lookup: Lookup,
}

/// A name leads only to addresses that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address; an operator can allow its network by the setting webhooks.networks")]
pub(super) struct Forbidden;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| allowed.allows(address.ip()));
            if addresses.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_public_and_all_others_are_not() {
        for ip in [
            "1.1.1.1",
            "93.184.216.34",
            "172.15.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(ip.parse().expect("an address")), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "3fff::1",
            "5f00::1",
            "100::1",
        ] {
            assert!(!is_public(ip.parse().expect("an address")), "{ip}");
        }
    }

    #[test]
    fn an_address_is_https_unless_its_network_is_configured() {
        let inside: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        for good in ["https://site.example/hook", "https://site.example:8443/", "https://93.184.216.34/"] {
            assert!(Target::parse(good, &[]).is_ok_and(|target| target.reach == Reach::Public), "{good}");
        }
        for good in ["http://10.1.2.3:8080/hook", "http://wordpress.internal/hook", "https://10.1.2.3/"] {
            assert!(Target::parse(good, &inside).is_ok(), "{good}");
        }
        for bad in [
            "http://site.example/",
            "https://site.example:22/",
            "https://ann:secret@site.example/",
            "ftp://site.example/",
            "https://",
            "site.example",
            "https://10.1.2.3/",
            "javascript:alert(1)",
            "https://[::1]/",
            "https://2130706433/",
        ] {
            assert!(Target::parse(bad, &[]).is_err(), "{bad}");
        }
        assert!(Target::parse("http://192.168.0.1/", &inside).is_err());
    }

    #[test]
    fn a_sites_own_origin_may_be_private_and_nothing_beside_it() {
        let site = "http://blog.internal:8080/start";
        let own = Target::on_site("http://blog.internal:8080/wp-json/akismet/v1/webhook", site);
        assert!(own.is_some_and(|target| target.reach == Reach::Own));
        for other in [
            "http://blog.internal/",
            "https://blog.internal:8080/",
            "http://other.internal:8080/",
            "http://ann@blog.internal:8080/",
            "ftp://blog.internal:8080/",
            "blog.internal:8080",
        ] {
            assert!(Target::on_site(other, site).is_none(), "{other}");
        }
        let own = Allowed { networks: Arc::new([]), reach: Reach::Own };
        for ip in ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd00::1", "1.1.1.1"] {
            assert!(own.allows(ip.parse().expect("an address")), "{ip}");
        }
        for ip in ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "64:ff9b::7f00:1", "::ffff:169.254.169.254"] {
            assert!(!own.allows(ip.parse().expect("an address")), "{ip}");
        }
    }
}
