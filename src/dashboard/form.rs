//! Forms as they come in: one extractor that answers a form it cannot read with a page, not with a line of text.

use axum::Form;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::problem::Failure;

/// The fields of a form that a browser sent.
pub(super) struct Fields<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Fields<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        match Form::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(Failure::BadForm(rejection.body_text())),
        }
    }
}
