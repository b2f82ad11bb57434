//! Limits that count, refuse and take back, and what they say in headers.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use governor::clock::FakeRelativeClock;

use super::*;

const SITE_A: SiteId = SiteId(1);
const SITE_B: SiteId = SiteId(2);
const KEY_A: KeyId = KeyId(11);
const KEY_B: KeyId = KeyId(12);

fn quota(text: &str) -> Quota {
    text.parse().unwrap()
}

fn limits(config: LimitsConfig) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (Limits::with_clock(&config, clock.clone()), clock)
}

fn from_address(ip: impl Into<IpAddr>) -> Submission {
    Submission { ip: Some(ip.into()), text: "Nice article!".to_owned(), ..Submission::default() }
}

fn from_email(email: &str) -> Submission {
    Submission { email: Some(email.to_owned()), ..from_text("Nice article!") }
}

fn from_text(text: &str) -> Submission {
    Submission { text: text.to_owned(), ..Submission::default() }
}

/// How many of `tries` times the submission passes.
fn allowed<C: Clock>(limits: &Limits<C>, submission: &Submission, tries: usize) -> usize {
    (0..tries).filter(|_| limits.check(SITE_A, KEY_A, submission).is_ok()).count()
}

fn remaining(usage: &Usage) -> Vec<(&'static str, u32)> {
    usage.states().iter().map(|state| (state.name.as_str(), state.remaining)).collect()
}

#[test]
fn the_default_quotas_stop_one_author_and_no_busy_site() {
    let (limits, _) = limits(LimitsConfig::default());
    assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 30), 20);
    let readers = (0..5_000).filter(|n| {
        let reader = Submission {
            email: Some(format!("reader{n}@example.org")),
            ..from_text(&format!("What reader {n} has to say."))
        };
        limits.check(SITE_A, KEY_A, &reader).is_ok()
    });
    assert_eq!(readers.count(), 5_000);
}

#[test]
fn memory_is_bounded_and_room_is_enough() {
    let (limits, _) = limits(LimitsConfig::default());
    assert!(limits.bytes() <= 32 << 20, "{} bytes", limits.bytes());
    for name in [LimitName::Address, LimitName::Email, LimitName::Text] {
        assert!(limits.capacity(name) >= 200_000);
    }
}

#[test]
fn each_limit_has_its_key() {
    let one = quota("1/min");
    let anns = Submission {
        ip: Some(Ipv4Addr::new(192, 0, 2, 1).into()),
        email: Some("ann@example.org".to_owned()),
        text: "Nice article!".to_owned(),
        ..Submission::default()
    };
    let other_ip = Submission { ip: Some(Ipv4Addr::new(192, 0, 2, 2).into()), ..anns.clone() };
    let other_email = Submission { email: Some("bob@example.org".to_owned()), ..anns.clone() };
    let other_text = Submission { text: "Nasty article!".to_owned(), ..anns.clone() };

    for (config, passes) in [
        (LimitsConfig { site: one, ..LimitsConfig::OFF }, [false, false, false, true, false]),
        (LimitsConfig { address: one, ..LimitsConfig::OFF }, [true, false, false, false, true]),
        (LimitsConfig { email: one, ..LimitsConfig::OFF }, [false, true, false, false, true]),
        (LimitsConfig { text: one, ..LimitsConfig::OFF }, [false, false, true, false, true]),
    ] {
        for (n, (site, key, second)) in [
            (SITE_A, KEY_A, &other_ip),
            (SITE_A, KEY_A, &other_email),
            (SITE_A, KEY_A, &other_text),
            (SITE_A, KEY_B, &anns),
            (SITE_B, KEY_A, &anns),
        ]
        .into_iter()
        .enumerate()
        {
            let (limits, _) = limits(config);
            assert!(limits.check(SITE_A, KEY_A, &anns).is_ok());
            assert!(limits.check(SITE_A, KEY_A, &anns).is_err());
            assert_eq!(limits.check(site, key, second).is_ok(), passes[n], "{config:?}, second submission {n}");
        }
    }
}

#[test]
fn case_and_blanks_around_make_no_other_author_and_no_other_text() {
    let (emails, _) = limits(LimitsConfig { email: quota("1/min"), ..LimitsConfig::OFF });
    assert_eq!(allowed(&emails, &from_email("ann@example.org"), 1), 1);
    assert_eq!(allowed(&emails, &from_email(" Ann@Example.ORG "), 1), 0);

    let (texts, _) = limits(LimitsConfig { text: quota("1/min"), ..LimitsConfig::OFF });
    assert_eq!(allowed(&texts, &from_text("Buy now Ä"), 1), 1);
    assert_eq!(allowed(&texts, &from_text("\n BUY NOW ä\t"), 1), 0);
    assert_eq!(allowed(&texts, &from_text("Buy  now Ä"), 1), 1);
}

#[test]
fn addresses_of_one_64_share_a_quota() {
    let (limits, _) = limits(LimitsConfig { address: quota("10/min"), ..LimitsConfig::OFF });
    let host = |network: u64, host: u64| Ipv6Addr::from_bits((u128::from(network) << 64) | u128::from(host));
    let network = 0x2001_0db8_0000_0001;
    // Hosts from all over the /64.
    let hosts = (0..1_000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let passed: usize = hosts.map(|n| allowed(&limits, &from_address(host(network, n)), 1)).sum();
    assert_eq!(passed, 10);
    assert_eq!(allowed(&limits, &from_address(host(network + 1, 0)), 20), 10);
}

#[test]
fn ipv4_addresses_stand_alone_however_they_are_written() {
    let (limits, _) = limits(LimitsConfig { address: quota("1/min"), ..LimitsConfig::OFF });
    let v4 = Ipv4Addr::new(192, 0, 2, 1);
    assert_eq!(allowed(&limits, &from_address(v4), 1), 1);
    assert_eq!(allowed(&limits, &from_address(v4.to_ipv6_mapped()), 1), 0);
    assert_eq!(allowed(&limits, &from_address(Ipv4Addr::new(192, 0, 2, 2)), 1), 1);
}

#[test]
fn without_address_or_email_their_limits_do_not_count() {
    let (limits, _) = limits(LimitsConfig { address: quota("1/min"), email: quota("1/min"), ..LimitsConfig::OFF });
    assert_eq!(allowed(&limits, &from_text("a"), 10), 10);
    assert_eq!(allowed(&limits, &from_email(" "), 10), 10);
    assert_eq!(limits.check(SITE_A, KEY_A, &from_text("a")).unwrap().usage.rate_limit(), None);
}

#[test]
fn off_means_off_and_costs_nothing() {
    let (limits, _) = limits(LimitsConfig::OFF);
    let submission = Submission { email: Some("ann@example.org".to_owned()), ..from_address(Ipv4Addr::LOCALHOST) };
    assert_eq!(allowed(&limits, &submission, 10_000), 10_000);
    let usage = limits.check(SITE_A, KEY_A, &submission).unwrap().usage;
    assert_eq!((usage.rate_limit_policy(), usage.rate_limit()), (None, None));
    assert_eq!(limits.bytes(), 0);
    for name in LimitName::ALL {
        assert_eq!((limits.keys(name), limits.overflowed(name), limits.capacity(name)), (0, 0, 0));
    }
}

#[test]
fn what_one_limit_refuses_no_limit_counts() {
    let config =
        LimitsConfig { site: quota("100/min"), address: quota("50/min"), email: quota("20/min"), text: quota("2/min") };
    let (limits, _) = limits(config);
    let spam = Submission { email: Some("ann@example.org".to_owned()), ..from_address(Ipv4Addr::LOCALHOST) };
    assert_eq!(allowed(&limits, &spam, 1_000), 2);

    let exceeded = limits.check(SITE_A, KEY_A, &spam).unwrap_err();
    assert_eq!(exceeded.limit, LimitName::Text);
    assert_eq!(remaining(&exceeded.usage), [("site", 98), ("address", 48), ("email", 18), ("text", 0)]);

    let other = Submission { text: "Something else".to_owned(), ..spam };
    let allowance = limits.check(SITE_A, KEY_A, &other).unwrap();
    assert_eq!(remaining(&allowance.usage), [("site", 97), ("address", 47), ("email", 17), ("text", 1)]);
}

#[test]
fn a_refused_author_leaves_no_trace_in_later_limits() {
    let (limits, _) = limits(LimitsConfig { address: quota("1/min"), text: quota("5/min"), ..LimitsConfig::OFF });
    assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 100), 1);
    let exceeded = limits.check(SITE_A, KEY_A, &from_address(Ipv4Addr::LOCALHOST)).unwrap_err();
    assert_eq!(remaining(&exceeded.usage), [("address", 0)]);
    assert_eq!(allowed(&limits, &from_text("Nice article!"), 100), 4);
}

#[test]
fn checking_without_storing_counts_for_the_key_alone() {
    let config = LimitsConfig { site: quota("3/min"), address: quota("1/min"), ..LimitsConfig::OFF };
    let (limits, _) = limits(config);
    assert_eq!(remaining(&limits.check_key(KEY_A).unwrap().usage), [("site", 2)]);
    assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 1), 1);
    assert!(limits.check_key(KEY_A).is_ok());
    assert_eq!(limits.check_key(KEY_A).unwrap_err().limit, LimitName::Site);
    assert!(limits.check_key(KEY_B).is_ok());
}

#[test]
fn after_retry_after_one_passes() {
    for text in ["60/min", "7/min burst 2", "3/s", "1000/s burst 1", "1000/hour burst 10", "2/day", "1/day"] {
        let (limits, clock) = limits(LimitsConfig { address: quota(text), ..LimitsConfig::OFF });
        let submission = from_address(Ipv4Addr::LOCALHOST);
        // Not at a full second.
        clock.advance(Duration::from_millis(1_234));
        let exceeded = loop {
            if let Err(exceeded) = limits.check(SITE_A, KEY_A, &submission) {
                break exceeded;
            }
        };
        assert!(exceeded.retry_after >= 1, "{text}");
        let interval = quota(text).rate().unwrap().interval();
        assert!(Duration::from_secs(exceeded.retry_after) < interval + Duration::from_secs(1), "{text}");
        clock.advance(Duration::from_secs(exceeded.retry_after));
        assert!(limits.check(SITE_A, KEY_A, &submission).is_ok(), "{text}");
    }
}

#[test]
fn retry_after_is_no_longer_than_it_must_be() {
    let (limits, clock) = limits(LimitsConfig { address: quota("1/min"), ..LimitsConfig::OFF });
    let submission = from_address(Ipv4Addr::LOCALHOST);
    assert_eq!(allowed(&limits, &submission, 1), 1);
    for (passed, retry_after) in [(0, 60), (500, 60), (500, 59), (58_000, 1), (999, 1)] {
        clock.advance(Duration::from_millis(passed));
        assert_eq!(limits.check(SITE_A, KEY_A, &submission).unwrap_err().retry_after, retry_after);
    }
    clock.advance(Duration::from_millis(1));
    assert_eq!(allowed(&limits, &submission, 1), 1);
}

#[test]
fn headers_tell_quota_and_rest_as_the_draft_has_it() {
    let config = LimitsConfig {
        site: quota("600/min"),
        address: quota("10/min burst 20"),
        email: Quota::OFF,
        text: quota("60/hour burst 1"),
    };
    let (limits, _) = limits(config);
    let policy = r#""site";q=600;w=60, "address";q=20;w=120, "text";q=60;w=3600"#;

    let usage = limits.check(SITE_A, KEY_A, &from_address(Ipv4Addr::LOCALHOST)).unwrap().usage;
    assert_eq!(usage.rate_limit_policy(), Some(policy));
    assert_eq!(usage.rate_limit().unwrap(), r#""site";r=599;t=1, "address";r=19;t=6, "text";r=0;t=60"#);

    let exceeded = limits.check(SITE_A, KEY_A, &from_text("NICE article!")).unwrap_err();
    assert_eq!(exceeded.to_string(), "the limit \"text\" is used up: try again in 60 s");
    assert_eq!(exceeded.usage.rate_limit_policy(), Some(policy));
    assert_eq!(exceeded.usage.rate_limit().unwrap(), r#""site";r=599;t=1, "text";r=0;t=60"#);
}

/// A reader of structured fields (RFC 9651) as far as the two headers use them: a list of strings with parameters
/// that are integers.
fn parsed(header: &str) -> Vec<(String, Vec<(String, u64)>)> {
    header
        .split(", ")
        .map(|item| {
            let mut parts = item.split(';');
            let name = parts.next().unwrap().strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()));
            let parameters = parts.map(|part| {
                let (key, value) = part.split_once('=').unwrap();
                assert!(value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() <= 15, "{part}");
                (key.to_owned(), value.parse().unwrap())
            });
            (name.to_owned(), parameters.collect())
        })
        .collect()
}

#[test]
fn headers_are_structured_fields_whatever_the_quota() {
    for text in ["1/s", "1000000/s", "1000000/day", "1/day burst 31", "7/min burst 1000", "10/s burst 1"] {
        let all = LimitsConfig { site: quota(text), address: quota(text), email: quota(text), text: quota(text) };
        let (limits, _) = limits(all);
        let submission = Submission { ip: Some(Ipv4Addr::LOCALHOST.into()), ..from_email("ann@example.org") };
        for _ in 0..3 {
            let usage = match limits.check(SITE_A, KEY_A, &submission) {
                Ok(allowance) => allowance.usage,
                Err(exceeded) => exceeded.usage,
            };
            let policy = parsed(usage.rate_limit_policy().unwrap());
            assert_eq!(policy.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["site", "address", "email", "text"]);
            for (name, rest) in parsed(&usage.rate_limit().unwrap()) {
                let (_, quota) = policy.iter().find(|(of, _)| *of == name).unwrap();
                let [(q, quota), (w, window)] = &quota[..] else { panic!("{quota:?}") };
                let [(r, remaining), (t, reset)] = &rest[..] else { panic!("{rest:?}") };
                assert_eq!([q, w, r, t], ["q", "w", "r", "t"]);
                assert!(remaining <= quota && *reset >= 1 && *window >= 1, "{text}: {remaining} of {quota}");
            }
        }
    }
}

#[test]
fn threads_together_get_one_quota_and_what_is_refused_stays_uncounted() {
    let config = LimitsConfig { site: quota("1000/min"), text: quota("2/min"), ..LimitsConfig::OFF };
    let (limits, _) = limits(config);
    let total: usize = std::thread::scope(|scope| {
        let flood = || allowed(&limits, &from_text("Nice article!"), 100);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(flood)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 2);
    assert_eq!(remaining(&limits.check_key(KEY_A).unwrap().usage), [("site", 997)]);
}

#[test]
fn a_flood_of_addresses_switches_nothing_off() {
    // The quota is small, so that the flood uses up the shared buckets too.
    let (limits, clock) = limits(LimitsConfig { address: quota("10/min burst 4"), ..LimitsConfig::OFF });
    let bytes = limits.bytes();
    let client = from_address(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(allowed(&limits, &client, 1), 1);

    const FLOOD: u32 = 1_000_000;
    let mut flood = from_address(Ipv4Addr::UNSPECIFIED);
    let mut flooded = 0;
    let mut passed = 0;
    for n in 0..FLOOD {
        flood.ip = Some(Ipv4Addr::from_bits(0x0a00_0000 + n).into());
        flooded += allowed(&limits, &flood, 1);
        if n % 100_000 == 0 {
            passed += allowed(&limits, &client, 1);
        }
    }

    assert_eq!(passed, 3, "a client from before the flood has exactly its quota");
    let (places, buckets) = (limits.capacity(LimitName::Address), limits.capacity(LimitName::Address) / 16);
    assert!(flooded <= places + 4 * buckets, "{flooded} of the flood passed");
    assert!(limits.overflowed(LimitName::Address) >= u64::from(FLOOD) - places as u64);
    assert!(limits.keys(LimitName::Address) <= places);
    assert_eq!(limits.bytes(), bytes);

    let newcomers = (0..100).map(|n| {
        let newcomer = from_address(Ipv4Addr::new(198, 51, 100, n));
        let passed = allowed(&limits, &newcomer, 10);
        assert!(passed <= 4, "a newcomer is limited in the flood");
        passed
    });
    assert!(newcomers.sum::<usize>() < 20, "what is left in the shared buckets");

    clock.advance(Duration::from_secs(6));
    assert_eq!(allowed(&limits, &client, 10), 1, "and exactly one more after its interval");
    assert_eq!(allowed(&limits, &from_address(Ipv4Addr::new(203, 0, 113, 1)), 10), 4, "newcomers find room again");
    clock.advance(Duration::from_secs(4 * 6));
    assert_eq!(limits.keys(LimitName::Address), 0, "the flood has gone by itself");
}
