//! The second factor: codes that change every half a minute (RFC 6238), and codes on paper that stand in for them.

use jiff::Timestamp;
use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Builder, Secret, Totp};

use crate::secrets;

/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Recovery codes of a person.
const RECOVERY_CODES: usize = 8;

/// A new secret.
pub(super) fn new_secret() -> Vec<u8> {
    rand::random::<[u8; SECRET]>().to_vec()
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(secret).build().ok()
}

/// The time step that a code belongs to, if it is right now or was half a minute ago.
pub(super) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.as_second()).ok()?;
    totp(secret)?.check(&code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// A secret as people type it into an app.
pub(super) fn secret_text(secret: &[u8]) -> String {
    let text = Secret::new(secret.into()).to_base32();
    text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// A secret as apps read it from a picture.
pub(super) fn secret_address(secret: &[u8], email: &str) -> String {
    let account = url::form_urlencoded::byte_serialize(email.as_bytes()).collect::<String>();
    let secret = Secret::new(secret.into()).to_base32();
    format!("otpauth://totp/Moderato:{account}?secret={secret}&issuer=Moderato")
}

/// A text as a picture for cameras: its width in modules, and the path of the dark ones.
pub(super) fn picture(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    Some((code.size(), path))
}

/// New recovery codes: the texts that are shown once.
pub(super) fn recovery_codes() -> Vec<String> {
    (0..RECOVERY_CODES).map(|_| secrets::setup_code()).collect()
}

/// What is stored of a recovery code, however it was typed.
pub(super) fn recovery_digest(code: &str) -> Vec<u8> {
    secrets::digest(&secrets::normal_setup_code(code))
}

/// The code of a moment.
#[cfg(test)]
pub(super) fn code_at(secret: &[u8], now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).expect("after 1970");
    totp(secret).expect("a secret").generate(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let now = Timestamp::from_second(seconds).expect("in range");
            assert_eq!(step_of(secret, code, now), Some(seconds / 30), "{code}");
            assert!(step_of(secret, "000000", now).is_none());
        }
    }

    #[test]
    fn a_code_may_be_half_a_minute_late_and_typed_with_a_blank() {
        let now = Timestamp::from_second(59 + 30).expect("in range");
        assert_eq!(step_of(b"12345678901234567890", "287 082", now), Some(1));
        let later = Timestamp::from_second(59 + 90).expect("in range");
        assert_eq!(step_of(b"12345678901234567890", "287082", later), None);
    }

    #[test]
    fn apps_read_the_secret_from_a_picture() {
        let address = secret_address(b"12345678901234567890", "ann+x@example.org");
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(address, format!("otpauth://totp/Moderato:ann%2Bx%40example.org?secret={secret}&issuer=Moderato"));
        let (size, path) = picture(&address).expect("a picture");
        assert!(size > 30 && path.starts_with("M0 0h1"));
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let code = &recovery_codes()[0];
        assert_eq!(recovery_digest(&code.to_lowercase().replace('-', " ")), recovery_digest(code));
    }
}
