//! The conformance suite's probe of launcher_context.rs: see ../README.md.

mod launcher_context;

use std::path::Path;
use std::process::{Command, Stdio};

use launcher_context::{Context, Error, Secret, Value};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{:02x}", byte)).collect()
}

fn secret(secret: Option<Secret>) -> String {
    match secret {
        None => "none".into(),
        Some(secret) => match secret.as_str() {
            Some(text) => format!("text {}", hex(text.as_bytes())),
            None => format!("bytes {}", hex(secret.as_bytes())),
        },
    }
}

fn json(value: &Value) -> String {
    format!("json {}", hex(value.to_string().as_bytes()))
}

fn answer(context: &Result<Context, Error>, verb: &str, name: &str) -> Result<String, String> {
    let context = context.as_ref().map_err(|e| format!("{} {:?}", e, e))?;
    let get = |key| context.get_secret(key).map_err(|e| format!("{} {:?}", e, e));
    Ok(match verb {
        "secret" => secret(get(name)?),
        "default" => get(name)?.map_or_else(|| format!("text {}", hex(b"the default")), |found| secret(Some(found))),
        "param" => context.get_param(name).map_or_else(|| "none".into(), json),
        "parameters" => json(&Value::Object(context.parameters().clone())),
        "metadata" => json(&Value::Object(context.metadata().clone())),
        "child" => {
            let mut cat = Command::new("cat");
            let output = cat.arg("/dev/stdin").stdin(Stdio::inherit()).output().map_err(|e| e.to_string())?;
            format!("text {}", hex(&output.stdout))
        }
        _ => format!("text {}", hex(format!("{:?} {:#?} {:?}", context, context, get("TEXT")?).as_bytes())),
    })
}

fn main() {
    let path = std::env::args().nth(1).expect("a file of questions");
    let questions = std::fs::read_to_string(path).expect("questions");
    let mut context = Context::read();
    for line in questions.lines() {
        let (verb, name) = line.split_once(' ').unwrap_or((line, ""));
        if verb == "context" {
            std::fs::rename(name, Path::new(name).with_file_name("context.json")).expect("a new context");
            context = Context::read();
            println!("none");
            continue;
        }
        println!("{}", answer(&context, verb, name).unwrap_or_else(|e| format!("error {}", hex(e.as_bytes()))));
    }
}
