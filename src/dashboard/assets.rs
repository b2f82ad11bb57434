//! Script, style and pictures: in the binary, under addresses that hold the hash of their content.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use super::problem::Failure;

#[derive(Embed)]
#[folder = "src/dashboard/assets/"]
struct Files;

/// The address never holds anything else, so a browser need not ask again for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Bytes of the content's SHA-256 that stand in an address.
const HASH_BYTES: usize = 6;

/// Files by the name in their address, and addresses by the name of the file.
struct Assets {
    files: HashMap<String, (EmbeddedFile, &'static str)>,
    addresses: HashMap<String, String>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut assets = Assets { files: HashMap::new(), addresses: HashMap::new() };
    for name in Files::iter() {
        let (Some(file), Some((stem, extension))) = (Files::get(&name), name.rsplit_once('.')) else { continue };
        let hashed = format!("{stem}.{}.{extension}", hash(&file));
        assets.addresses.insert(name.to_string(), format!("/assets/{hashed}"));
        assets.files.insert(hashed, (file, content_type(extension)));
    }
    assets
});

fn hash(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..HASH_BYTES].iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The address of a file of `assets/`, for templates.
pub(super) fn address(name: &str) -> &'static str {
    ASSETS.addresses.get(name).map_or("/assets/missing", String::as_str)
}

/// `GET /assets/{name}`
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Failure> {
    let (file, content_type) = ASSETS.files.get(&name).ok_or(Failure::NotFound("file"))?;
    Ok(([(CONTENT_TYPE, *content_type), (CACHE_CONTROL, FOR_EVER)], file.data.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_templates_name_exists() {
        for name in ["app.css", "pages.css", "pages.js", "triage.js", "favicon.svg"] {
            assert!(address(name).starts_with("/assets/") && address(name) != "/assets/missing", "{name}");
        }
    }
}
