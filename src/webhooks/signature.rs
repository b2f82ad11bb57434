//! Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, time and body.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// What a secret begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "whsec_";
/// Bytes of a fresh secret; the specification wants 24 to 64.
const FRESH: usize = 32;

/// A secret that a site and the service share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is no secret of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of a webhook is whsec_ and 24 to 64 bytes in base64")]
pub struct InvalidSecret;

impl Secret {
    /// 256 random bits.
    pub fn fresh() -> Self {
        Self(rand::random::<[u8; FRESH]>().to_vec())
    }

    /// As it is shown and stored: `whsec_` and base64.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).ok_or(InvalidSecret)?).map_err(|_| InvalidSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidSecret) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The value of `webhook-signature`: one `v1` signature for each secret, separated by blanks.
pub fn signatures(secrets: &[Secret], id: &str, at: Timestamp, body: &str) -> String {
    let sign = |secret: &Secret| {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).ok()?;
        mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
        mac.update(body.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_there() {
        let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().expect("a secret");
        let at = Timestamp::from_second(1_614_265_330).expect("a time");
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_give_two_signatures_while_one_takes_the_others_place() {
        let secrets = [Secret::fresh(), Secret::fresh()];
        let both = signatures(&secrets, "msg_1", Timestamp::UNIX_EPOCH, "{}");
        let each: Vec<String> =
            secrets.iter().map(|s| signatures(std::slice::from_ref(s), "msg_1", Timestamp::UNIX_EPOCH, "{}")).collect();
        assert_eq!(both, each.join(" "));
    }

    #[test]
    fn a_secret_reads_back_and_does_not_show_itself_in_a_log() {
        let secret = Secret::fresh();
        assert_eq!(secret.reveal().parse(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for text in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!"] {
            assert_eq!(text.parse::<Secret>(), Err(InvalidSecret), "{text}");
        }
    }
}
