//! Places in a comment's original text.

use serde::{Deserialize, Serialize};

/// A half-open range of Unicode scalar values in the original text: `[start, end)`.
///
/// In JSON it is the pair `[start, end]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Span {
    /// Offset of the first scalar value.
    pub start: u32,
    /// Offset after the last scalar value; never below `start`.
    pub end: u32,
}

impl utoipa::PartialSchema for Span {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
        let offset = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        ArrayBuilder::new()
            .items(offset)
            .min_items(Some(2))
            .max_items(Some(2))
            .description(Some("From (included) and to (not included), in Unicode scalar values of the text."))
            .into()
    }
}

impl utoipa::ToSchema for Span {}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end: end.max(start) }
    }

    /// The span of one scalar value.
    pub fn at(start: u32) -> Self {
        Self { start, end: start + 1 }
    }

    /// Whether the two spans share a scalar value.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl From<(u32, u32)> for Span {
    fn from((start, end): (u32, u32)) -> Self {
        Self::new(start, end)
    }
}

impl From<Span> for (u32, u32) {
    fn from(span: Span) -> Self {
        (span.start, span.end)
    }
}
