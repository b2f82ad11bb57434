//! Which address a request came from, when proxies stand in front of the service.
//!
//! Anybody can send `X-Forwarded-For` and `Forwarded`, so they count only as far as trusted proxies wrote them. Each
//! proxy appends the address that it was called from: read from the right, the first address that is no trusted
//! proxy's is the client's, and all that stands left of it is what the client claims.

use std::net::{IpAddr, Ipv6Addr};
use std::str::from_utf8;

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that the request of `peer` came from: `peer`, or one that a proxy in the networks `trusted` vouches for.
///
/// `trusted` proxies are believed in what they append to `X-Forwarded-For` or to `Forwarded` (RFC 7239). Several lines
/// of a header are one list. A hop that is no address (`unknown`, `_hidden`, nothing, garbage) ends the walk at the
/// last good one, the proxy that passed it on. IPv4-mapped IPv6 addresses count and are returned as IPv4, so networks
/// in `trusted` have to be written in IPv4, too.
///
/// A proxy writes one of the two headers and may pass the other through as the client sent it. Which one it writes
/// cannot be told from here, so if both are present they have to agree; if they do not, nobody vouches for either, and
/// the answer is `peer`. A client that forges the other header then shares the limits of those who forge, and nobody
/// else's.
///
/// Takes time in proportion to the headers' length at most.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let by = |name: &HeaderName, address_of: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(name).then(|| walk(peer, hops(headers, name).map(|hop| address_of(hop?)), is_trusted))
    };
    match (by(&X_FORWARDED_FOR, node_address), by(&FORWARDED, forwarded_for)) {
        (None, None) => peer,
        (Some(client), None) | (None, Some(client)) => client,
        (Some(one), Some(other)) if one == other => one,
        (Some(_), Some(_)) => peer,
    }
}

/// From the peer to the first hop that is no trusted proxy, or to the last that is an address.
fn walk(peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>, is_trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for hop in hops {
        let Some(address) = hop else { break };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// The members of a header's list from the last to the first; `None` for one that is no text.
///
/// Commas part them even inside of quotation marks: no address holds a comma, and this way nothing that a client opens
/// with a quotation mark can swallow what a proxy appends. The pieces of a quoted text that does hold one are garbage.
fn hops<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Option<&'a str>> {
    let lines = headers.get_all(name).iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')).map(|hop| from_utf8(hop).ok())
}

/// The `for` of a member of `Forwarded`, `for=192.0.2.1;proto=https;by=…`. `None` if any part of it is malformed, for
/// then it may be a piece of something else.
fn forwarded_for(member: &str) -> Option<IpAddr> {
    let mut client = None;
    for pair in member.split(';') {
        let (name, value) = pair.trim_matches(BLANKS).split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?,
            None => value,
        };
        if value.contains(['"', '\\', ' ', '\t']) || !name.bytes().all(is_name_byte) {
            return None;
        }
        if name.eq_ignore_ascii_case("for") && client.replace(node_address(value)?).is_some() {
            return None;
        }
    }
    client
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The address of a hop, with or without port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:80`.
fn node_address(node: &str) -> Option<IpAddr> {
    let node = node.trim_matches(BLANKS);
    let address = if let Some(bracketed) = node.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        if !(rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)) {
            return None;
        }
        IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)
    } else {
        match node.split_once(':') {
            Some((address, port)) if is_port(port) => IpAddr::V4(address.parse().ok()?),
            _ => node.parse().ok()?,
        }
    };
    Some(address.to_canonical())
}

/// A port, or the `_name` that RFC 7239 lets a proxy put in its place.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(is_name_byte),
        None => text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    /// A proxy in the trusted networks 10.0.0.0/8 and fd00::/8.
    const PROXY: &str = "10.0.0.1";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn trusted() -> Vec<IpNet> {
        vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]
    }

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let line = |&(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        lines.iter().map(line).collect()
    }

    /// Shorthand: each line of the table begins with `x` or `f` for the header.
    fn client(peer: &str, lines: &[&str]) -> String {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| match line.split_at(2) {
                ("x ", value) => ("x-forwarded-for", value),
                ("f ", value) => ("forwarded", value),
                _ => panic!("{line}"),
            })
            .collect();
        client_address(ip(peer), &headers(&lines), &trusted()).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_sends() {
        for lines in
            [&[][..], &["x 192.0.2.1"], &["f for=192.0.2.1"], &["x 10.0.0.2", "f for=10.0.0.2"], &["x 127.0.0.1"]]
        {
            assert_eq!(client("203.0.113.9", lines), "203.0.113.9");
            assert_eq!(client("2001:db8::9", lines), "2001:db8::9");
        }
    }

    #[test]
    fn x_forwarded_for_is_read_from_the_right() {
        for (value, expected) in [
            // One hop, in all its forms.
            ("x 192.0.2.1", "192.0.2.1"),
            ("x  192.0.2.1\t", "192.0.2.1"),
            ("x 192.0.2.1:4711", "192.0.2.1"),
            ("x 2001:db8::1", "2001:db8::1"),
            ("x [2001:db8::1]", "2001:db8::1"),
            ("x [2001:db8::1]:4711", "2001:db8::1"),
            ("x 2001:DB8:0:0::1", "2001:db8::1"),
            ("x ::ffff:192.0.2.1", "192.0.2.1"),
            ("x [::ffff:192.0.2.1]:4711", "192.0.2.1"),
            // The first from the right that is not trusted wins, whatever stands left of it.
            ("x 192.0.2.7, 192.0.2.1", "192.0.2.1"),
            ("x 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("x 192.0.2.1,10.0.0.3,10.0.0.2", "192.0.2.1"),
            ("x 10.9.9.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("x 192.0.2.1, fd00::2, ::ffff:10.0.0.2", "192.0.2.1"),
            ("x <script>, 192.0.2.1", "192.0.2.1"),
            ("x \"192.0.2.7, 192.0.2.1", "192.0.2.1"),
            // All trusted: the one farthest away.
            ("x 10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // What is no address ends the walk.
            ("x ", PROXY),
            ("x unknown", PROXY),
            ("x _hidden", PROXY),
            ("x 192.0.2.1, unknown", PROXY),
            ("x 192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("x 192.0.2.1, ", PROXY),
            ("x 192.0.2.1, , 10.0.0.2", "10.0.0.2"),
            ("x 192.0.2.1 192.0.2.2", PROXY),
            ("x 192.0.2.256", PROXY),
            ("x 192.0.2", PROXY),
            ("x 192.0.02.1", PROXY),
            ("x 0x7f.0.0.1", PROXY),
            ("x 192.0.2.1:", PROXY),
            ("x 192.0.2.1:65536", PROXY),
            ("x 192.0.2.1:+80", PROXY),
            ("x [192.0.2.1]", PROXY),
            ("x [2001:db8::1", PROXY),
            ("x [2001:db8::1]80", PROXY),
            ("x [2001:db8::1]:x", PROXY),
            ("x fe80::1%eth0", PROXY),
            ("x \"192.0.2.1\"", PROXY),
            ("x client.example", PROXY),
            ("x 192.0.2.1\u{a0}", PROXY),
        ] {
            assert_eq!(client(PROXY, &[value]), expected, "{value}");
        }
    }

    #[test]
    fn forwarded_is_read_from_the_right() {
        for (value, expected) in [
            ("f for=192.0.2.1", "192.0.2.1"),
            ("f For=\"192.0.2.1\"", "192.0.2.1"),
            ("f for=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("f for=\"192.0.2.1:_port\"", "192.0.2.1"),
            ("f for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("f for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
            ("f for=\"[::ffff:192.0.2.1]\"", "192.0.2.1"),
            ("f proto=http; for=192.0.2.1 ;by=203.0.113.43", "192.0.2.1"),
            ("f for=192.0.2.1;host=\"news.example:8080\";proto=https", "192.0.2.1"),
            // Left out of the standard, written all the same.
            ("f for=192.0.2.1:4711", "192.0.2.1"),
            ("f for=[2001:db8::1]", "2001:db8::1"),
            ("f for=192.0.2.7, for=192.0.2.1", "192.0.2.1"),
            ("f for=192.0.2.1, for=10.0.0.2;proto=https", "192.0.2.1"),
            ("f for=10.0.0.3,for=\"[fd00::2]\"", "10.0.0.3"),
            // What a client opens with a quotation mark does not swallow what the proxy appends.
            ("f for=192.0.2.7;x=\", for=192.0.2.1", "192.0.2.1"),
            ("f for=192.0.2.7;x=\", for=\"[2001:db8::1]\"", "2001:db8::1"),
            // And no piece of a proxy's quoted text is taken for a hop.
            ("f for=192.0.2.1;host=\"a, for=192.0.2.7\"", PROXY),
            ("f for=192.0.2.1;host=\"a, for=192.0.2.7;b=\\\"\"", PROXY),
            ("f for=192.0.2.1;host=\"a, for=192.0.2.7;b=c\";proto=http", PROXY),
            ("f for=unknown", PROXY),
            ("f for=_hidden", PROXY),
            ("f for=\"_gazonk\", for=10.0.0.2", "10.0.0.2"),
            ("f for=", PROXY),
            ("f for", PROXY),
            ("f ", PROXY),
            ("f 192.0.2.1", PROXY),
            ("f by=192.0.2.1;proto=http", PROXY),
            ("f for=192.0.2.1;for=192.0.2.7", PROXY),
            ("f for=192.0.2.1;", PROXY),
            ("f for=\"192.0.2.1", PROXY),
            ("f for=192.0.2.1\"", PROXY),
            ("f for=\"192.0.2\\.1\"", PROXY),
            ("f for =192.0.2.1", PROXY),
        ] {
            assert_eq!(client(PROXY, &[value]), expected, "{value}");
        }
    }

    #[test]
    fn lines_of_a_header_are_one_list() {
        assert_eq!(client(PROXY, &["x 192.0.2.7", "x 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(PROXY, &["x 192.0.2.7, 192.0.2.1", "x 10.0.0.2"]), "192.0.2.1");
        assert_eq!(client(PROXY, &["x 192.0.2.1", "x unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client(PROXY, &["f for=192.0.2.7", "f for=192.0.2.1, for=10.0.0.2"]), "192.0.2.1");
    }

    #[test]
    fn two_headers_count_only_if_they_agree() {
        assert_eq!(client(PROXY, &["x 192.0.2.1", "f for=192.0.2.1"]), "192.0.2.1");
        assert_eq!(client(PROXY, &["x 192.0.2.7, 192.0.2.1", "f for=\"192.0.2.1:80\", for=10.0.0.2"]), "192.0.2.1");
        assert_eq!(client(PROXY, &["x 192.0.2.1", "f for=192.0.2.7"]), PROXY);
        assert_eq!(client(PROXY, &["x 192.0.2.7", "f for=192.0.2.1"]), PROXY);
        assert_eq!(client(PROXY, &["x 192.0.2.1", "f garbage"]), PROXY);
        assert_eq!(client(PROXY, &["x garbage", "f for=192.0.2.1"]), PROXY);
    }

    #[test]
    fn mapped_and_plain_ipv4_are_the_same_peer() {
        assert_eq!(client("::ffff:10.0.0.1", &["x 192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:203.0.113.9", &["x 192.0.2.1"]), "203.0.113.9");
        assert_eq!(client("fd00::1", &["x 192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn nobody_is_trusted_unless_configured() {
        for peer in ["127.0.0.1", "10.0.0.1", "::1"] {
            assert_eq!(client_address(ip(peer), &headers(&[("x-forwarded-for", "192.0.2.1")]), &[]), ip(peer));
        }
    }

    #[test]
    fn ten_thousand_hops_are_walked() {
        let hops = "10.0.0.2, ".repeat(10_000);
        assert_eq!(client(PROXY, &[&format!("x 192.0.2.1, {hops}10.0.0.2")]), "192.0.2.1");
        assert_eq!(client(PROXY, &[&format!("x {hops}192.0.2.1")]), "192.0.2.1");
        let many = vec!["f for=10.0.0.2"; 10_000];
        assert_eq!(client(PROXY, &many), "10.0.0.2");
    }

    /// Something that could stand in one of the headers.
    fn hop() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<[u8; 4]>().prop_map(|octets| IpAddr::from(octets).to_string()),
            any::<[u16; 8]>().prop_map(|segments| IpAddr::from(segments).to_string()),
            any::<u8>().prop_map(|n| format!("10.0.0.{n}")),
            any::<[u8; 4]>().prop_map(|octets| format!("::ffff:{}", IpAddr::from(octets))),
            "unknown|_[a-z]{1,4}|[ -~]{0,12}",
        ]
    }

    fn line() -> impl Strategy<Value = (&'static str, String)> {
        let list = |wrap: fn(String) -> String| {
            proptest::collection::vec(hop().prop_map(wrap), 0..5).prop_map(|hops| hops.join(", "))
        };
        prop_oneof![
            list(|hop| hop).prop_map(|list| ("x-forwarded-for", list)),
            list(|hop| format!("for={hop}")).prop_map(|list| ("forwarded", list)),
            list(|hop| format!("proto=http;for=\"[{hop}]:80\"")).prop_map(|list| ("forwarded", list)),
        ]
    }

    fn header_map(lines: &[(&'static str, String)]) -> HeaderMap {
        headers(&lines.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    /// All addresses that can be read out of a text, wherever they begin and end.
    fn appears(client: IpAddr, lines: &[(&'static str, String)]) -> bool {
        let is_part = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
        lines.iter().flat_map(|(_, value)| value.split(|c| !is_part(c))).any(|piece| {
            let without_port = piece.rsplit_once(':').map_or(piece, |(address, _)| address);
            [piece, without_port].iter().any(|text| text.parse().is_ok_and(|ip: IpAddr| ip.to_canonical() == client))
        })
    }

    proptest! {
        #[test]
        fn headers_of_an_untrusted_peer_change_nothing(
            peer in any::<IpAddr>(),
            lines in proptest::collection::vec(line(), 0..4),
        ) {
            let peer = peer.to_canonical();
            let others: Vec<_> = trusted().into_iter().filter(|network| !network.contains(&peer)).collect();
            prop_assert_eq!(client_address(peer, &header_map(&lines), &others), peer);
        }

        #[test]
        fn the_client_is_the_peer_or_stands_in_a_header(lines in proptest::collection::vec(line(), 0..4)) {
            let client = client_address(ip(PROXY), &header_map(&lines), &trusted());
            prop_assert!(client == ip(PROXY) || appears(client, &lines), "{client} from {lines:?}");
        }

        #[test]
        fn what_a_client_claims_does_not_change_what_the_proxy_saw(claimed in line(), seen in any::<[u8; 4]>()) {
            let seen = IpAddr::from(seen);
            prop_assume!(!trusted().iter().any(|network| network.contains(&seen)));
            let (name, value) = claimed;
            let appended = if name == "forwarded" { format!("for={seen}") } else { seen.to_string() };
            let joined = vec![(name, format!("{value}, {appended}"))];
            prop_assert_eq!(client_address(ip(PROXY), &header_map(&joined), &trusted()), seen);
            let lines = vec![(name, value), (name, appended)];
            prop_assert_eq!(client_address(ip(PROXY), &header_map(&lines), &trusted()), seen);
        }

        #[test]
        fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let headers = [(X_FORWARDED_FOR, value.clone()), (FORWARDED, value)].into_iter().collect();
                client_address(ip(PROXY), &headers, &trusted());
            }
        }
    }
}
