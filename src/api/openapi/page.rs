//! The reference as a page: one answer, no script, nothing loaded from anywhere.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../templates/docs.css");

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    style: &'a str,
    version: String,
    description: String,
    groups: Vec<Group>,
    schemas: Vec<SchemaView>,
}

/// The operations of one tag.
struct Group {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    scope: String,
    parameters: Vec<[String; 4]>,
    body: Option<String>,
    responses: Vec<[String; 2]>,
}

struct SchemaView {
    name: String,
    json: String,
}

/// What the page's one style is named by in its content security policy.
pub(super) fn style_hash() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE.as_bytes())))
}

/// The page of a document.
pub(super) fn render(document: &[u8]) -> String {
    let document: Value = serde_json::from_slice(document).unwrap_or_default();
    let page = Page {
        style: STYLE,
        version: text(&document["info"]["version"]),
        description: text(&document["info"]["description"]),
        groups: groups(&document),
        schemas: schemas(&document["components"]["schemas"]),
    };
    page.render().unwrap_or_else(|error| {
        tracing::error!("the reference cannot be written: {error}");
        String::new()
    })
}

fn groups(document: &Value) -> Vec<Group> {
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let empty = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    let group = |tag: &Value| {
        let all = paths
            .iter()
            .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(m, o)| (path, m, o)));
        let of_tag = all.filter(|(_, _, operation)| operation["tags"][0] == tag["name"]);
        Group {
            name: text(&tag["description"]),
            operations: of_tag.map(|(path, method, o)| operation(path, method, o)).collect(),
        }
    };
    tags.iter().map(group).collect()
}

fn operation(path: &str, method: &str, operation: &Value) -> Operation {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let parameter = |p: &Value| {
        let kind = if p["required"] == true { "required" } else { "" };
        [text(&p["name"]), text(&p["in"]), kind.to_owned(), text(&p["description"])]
    };
    let scope = operation["security"][0]["key"][0].as_str().map_or("no key", |scope| scope);
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let empty = Map::new();
    let responses = operation["responses"].as_object().unwrap_or(&empty);
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        scope: scope.to_owned(),
        parameters: list(&operation["parameters"]).iter().map(parameter).collect(),
        body: body.map(|(kind, content)| format!("{kind}: {}", schema_name(&content["schema"]))),
        responses: responses.iter().map(|(status, r)| [status.clone(), text(&r["description"])]).collect(),
    }
}

fn schema_name(schema: &Value) -> String {
    match schema["$ref"].as_str() {
        Some(reference) => reference.rsplit('/').next().unwrap_or_default().to_owned(),
        None => text(&schema["type"]),
    }
}

fn schemas(all: &Value) -> Vec<SchemaView> {
    let json = |schema: &Value| serde_json::to_string_pretty(schema).unwrap_or_default();
    let all = all.as_object().into_iter().flatten();
    all.map(|(name, schema)| SchemaView { name: name.clone(), json: json(schema) }).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
