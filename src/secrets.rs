//! Secrets: API keys, session tokens, setup codes, passwords. Only their digests are stored.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::id::KeyId;

/// What every API key begins with, so that scanners for leaked secrets find it.
const KEY_PREFIX: &str = "mod_";

/// Characters of a secret that tell keys apart.
const HINT: usize = 4;

/// Characters of a setup code: none that look alike.
const CODE_ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Shortest accepted password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// Longest accepted password, in characters.
pub const MAX_PASSWORD: usize = 256;

/// SHA-256 of a secret. The secrets here have 256 bits of chance, so a fast hash is enough.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Whether `secret` has this digest, in a time that does not depend on it.
pub fn matches(secret: &str, expected: &[u8]) -> bool {
    digest(secret).ct_eq(expected).into()
}

/// 256 random bits as 43 characters that need no escaping anywhere.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A new API key: the text that is shown once, and its secret part.
pub fn api_key(id: KeyId) -> (String, String) {
    let secret = token();
    (api_key_text(id, &secret), secret)
}

/// The text of an API key.
pub fn api_key_text(id: KeyId, secret: &str) -> String {
    format!("{KEY_PREFIX}{id}_{secret}")
}

/// The last characters of a secret, to tell keys apart.
pub fn hint(secret: &str) -> String {
    secret.get(secret.len().saturating_sub(HINT)..).unwrap_or_default().to_owned()
}

/// A key for the Akismet-compatible API: 12 hexadecimal digits, because clients accept nothing longer.
pub fn short_key() -> String {
    format!("{:012x}", rand::random::<u64>() >> 16)
}

/// Id and secret of an API key, if the text has its form.
pub fn parse_api_key(text: &str) -> Option<(KeyId, &str)> {
    let (id, secret) = text.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    Some((id.parse().ok()?, secret))
}

/// A code that a person can type: eight characters in two groups, 39 bits.
pub fn setup_code() -> String {
    let letter = |_| CODE_ALPHABET[rand::random_range(0..CODE_ALPHABET.len())] as char;
    let code: String = (0..8).map(letter).collect();
    format!("{}-{}", &code[..4], &code[4..])
}

/// A setup code as it was typed, in the form that is digested: upper case, no blanks, with its dash.
pub fn normal_setup_code(typed: &str) -> String {
    let code: String = typed.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_uppercase();
    if code.len() == 8 { format!("{}-{}", &code[..4], &code[4..]) } else { code }
}

/// Argon2id with 19 MiB and two passes, as OWASP recommends (Password Storage Cheat Sheet, 2025).
fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None)?))
}

/// Hashes a password: an Argon2id PHC string. Takes tens of milliseconds: not on an async thread.
///
/// # Errors
///
/// When the operating system gives no random salt.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hasher = argon2().map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    let hash = hasher.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

/// Whether `password` belongs to the stored hash. Takes tens of milliseconds: not on an async thread.
pub fn verify_password(password: &str, hash: &str) -> bool {
    let (Ok(hasher), Ok(parsed)) = (argon2(), PasswordHash::new(hash)) else { return false };
    hasher.verify_password(password.as_bytes(), &parsed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_only_its_own_secret_matches() {
        let id = KeyId(77);
        let (text, secret) = api_key(id);
        assert_eq!(parse_api_key(&text), Some((id, secret.as_str())));
        assert!(matches(&secret, &digest(&secret)));
        assert!(!matches(&token(), &digest(&secret)));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "mod_", "mod_x_y", "0000000000001_abc", "mod_0000000000001"] {
            assert_eq!(parse_api_key(text), None, "{text}");
        }
    }

    #[test]
    fn a_setup_code_may_be_typed_carelessly() {
        let code = setup_code();
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(normal_setup_code(&typed), code);
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let hash = hash_password("correct horse battery").expect("hashed");
        assert!(verify_password("correct horse battery", &hash));
        assert!(!verify_password("correct horse", &hash));
        assert!(!verify_password("x", "not a hash"));
    }
}
