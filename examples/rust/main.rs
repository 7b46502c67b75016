//! A handler written in Rust.

// In a crate of yours it is src/launcher_context.rs, or a dependency by path.
#[path = "../../handler/rust/launcher_context.rs"]
#[allow(dead_code)]
mod launcher_context;

use launcher_context::{Context, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::read()?;
    let field = |name: &str| context.metadata().get(name).and_then(Value::as_str).unwrap_or("");
    let team = context.metadata()["labels"].as_object().and_then(|labels| labels["team"].as_str());
    println!("{} of {}, by team {}", field("name"), field("project"), team.unwrap_or("nobody"));
    println!("db_name: {}", context.get_param("db_name").and_then(Value::as_str).unwrap_or("test"));

    let key = context.get_secret("signing-key")?.ok_or("no SIGNING_KEY")?; // SIGNING_KEY answers
    println!("SIGNING_KEY: {} lines", key.as_str().ok_or("SIGNING_KEY is not text")?.lines().count());
    let token = context.get_secret("API_TOKEN")?.ok_or("no API_TOKEN")?;
    println!("API_TOKEN: {}***", &token.as_str().ok_or("API_TOKEN is not text")?[..1]);
    let empty = context.get_secret("EMPTY")?.ok_or("no EMPTY")?; // an empty value is a value
    println!("EMPTY: {} characters", empty.as_bytes().len());
    println!("PROXY_PASSWORD: {}", context.get_secret("PROXY_PASSWORD")?.map_or("none", |_| "***"));
    Ok(())
}
