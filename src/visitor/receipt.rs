//! The unguessable part of a commenter's link: the comment's id with a code that only this installation can make.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::id::CommentId;

/// Characters of an id.
const ID: usize = 13;
/// Bytes of the code: 128 bits cannot be guessed.
const CODE: usize = 16;

/// Makes and reads receipts.
#[derive(Clone)]
pub struct Receipts {
    secret: Vec<u8>,
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipts(…)")
    }
}

impl Receipts {
    /// With the secret of this installation.
    pub fn new(secret: Vec<u8>) -> Self {
        Self { secret }
    }

    /// The receipt for a comment.
    pub fn of(&self, id: CommentId) -> String {
        format!("{id}{}", URL_SAFE_NO_PAD.encode(&self.derived(&format!("receipt {id}"))[..CODE]))
    }

    /// The comment of a receipt; `None` when this installation has not made it.
    pub fn read(&self, receipt: &str) -> Option<CommentId> {
        let id: CommentId = receipt.get(..ID)?.parse().ok()?;
        bool::from(self.of(id).as_bytes().ct_eq(receipt.as_bytes())).then_some(id)
    }

    /// A secret for one purpose: HMAC-SHA256 of its name.
    pub(super) fn derived(&self, purpose: &str) -> Vec<u8> {
        // HMAC takes keys of any length.
        Hmac::<Sha256>::new_from_slice(&self.secret).map_or_else(
            |_| Vec::new(),
            |mut mac| {
                mac.update(purpose.as_bytes());
                mac.finalize().into_bytes().to_vec()
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_names_its_comment_and_cannot_be_made_up() {
        let receipts = Receipts::new(vec![7; 32]);
        let id = CommentId(123_456_789);
        let receipt = receipts.of(id);
        assert_eq!(receipts.read(&receipt), Some(id));
        let other = receipts.of(CommentId(123_456_790));
        let forged = format!("{}{}", &other[..ID], &receipt[ID..]);
        for wrong in ["", &receipt[..ID], &receipt[..receipt.len() - 1], &forged, &format!("{receipt}A"), "ééééééé"]
        {
            assert_eq!(receipts.read(wrong), None, "{wrong}");
        }
        assert_eq!(Receipts::new(vec![8; 32]).read(&receipt), None, "another installation");
    }
}
