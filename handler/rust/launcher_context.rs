//! The context of a handler: the secrets and parameters of its task. Version 0.1.0.
//! From <https://github.com/seed45446ece/launcher>, under the Apache License 2.0.
//!
//! A program that `launcher run` started reads it:
//!
//! ```no_run
//! use launcher_context::Context;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let context = Context::read()?;
//! let password = context.get_secret("DB_PASSWORD")?.ok_or("no DB_PASSWORD")?;
//! let login = password.as_str().ok_or("DB_PASSWORD is not text")?;
//! let db_name = context.get_param("db_name").and_then(|value| value.as_str());
//! # Ok(())
//! # }
//! ```
//!
//! The variable `LAUNCHER_CONTEXT` says where the context is: on standard input
//! (`stdin`), on a descriptor (`fd:N`), in the environment (`env`), in a folder
//! (`files:DIR`) or behind a socket (`unix:PATH`).
//!
//! One file for Rust 1.63 and later, with its standard library alone.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::os::unix::io::{FromRawFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Why a context or a secret cannot be had. No message holds a value.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// The value of a secret, which is not printed by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The value as text, or `None` where it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The value, byte for byte.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

enum Source {
    Known(BTreeMap<String, Secret>),
    Socket(PathBuf),
}

/// What a handler is given. Standard input can be read once: keep it.
pub struct Context {
    metadata: BTreeMap<String, Value>,
    spec: BTreeMap<String, Value>,
    parameters: BTreeMap<String, Value>,
    source: Source,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}

impl Context {
    /// Reads the context that this process was given.
    pub fn read() -> Result<Context, Error> {
        let place = std::env::var_os("LAUNCHER_CONTEXT").unwrap_or_default();
        let place = place.to_str().ok_or_else(|| error("LAUNCHER_CONTEXT is not UTF-8"))?;
        let (text, source, folder) = read(place)?;
        let kind = place.split(':').next().unwrap_or_default();
        let mut document = parse(&text)?;
        let mut spec = object(&mut document, "spec")?;
        let parameters = object(&mut spec.clone(), "parameters")?;
        spec.entry("parameters".into()).or_insert_with(|| Value::Object(BTreeMap::new()));
        let known = secrets(&mut document, kind, folder)?;
        let source = source.map_or(Source::Known(known), Source::Socket);
        Ok(Context { metadata: object(&mut document, "metadata")?, spec, parameters, source })
    }

    /// The secret of exactly that key; else of the one key that is equal when
    /// ASCII letter case is ignored and "-" and "." count as "_" (where two would
    /// fit, neither does); else this process's variable of exactly that name; else
    /// `None`. An empty value is a value.
    ///
    /// It fails only behind a socket, which each call asks, where nobody answers.
    pub fn get_secret(&self, key: &str) -> Result<Option<Secret>, Error> {
        let found = match &self.source {
            Source::Known(secrets) => find(secrets, key).cloned(),
            Source::Socket(path) => ask(path, key)?,
        };
        Ok(found.or_else(|| variable(key)))
    }

    /// The value of a parameter, where the task has it.
    pub fn get_param(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }

    /// All of the task's parameters.
    pub fn parameters(&self) -> &BTreeMap<String, Value> {
        &self.parameters
    }

    /// Which run of which task this is: name, uid, project, iteration, labels and
    /// annotations.
    pub fn metadata(&self) -> &BTreeMap<String, Value> {
        &self.metadata
    }

    /// The task's spec, without its secret sources.
    pub fn spec(&self) -> &BTreeMap<String, Value> {
        &self.spec
    }
}

const WORKERS: &str = "for worker processes use --deliver files or socket";

fn error(message: impl Into<String>) -> Error {
    Error(message.into())
}

/// The context's JSON, and the socket to ask, or the folder that has the secrets.
fn read(place: &str) -> Result<(Vec<u8>, Option<PathBuf>, &Path), Error> {
    let (kind, rest) = place.split_once(':').unwrap_or((place, ""));
    let folder = Path::new(rest);
    let text = match kind {
        "" => return Err(error("LAUNCHER_CONTEXT is not set: start this program with \"launcher run\"")),
        "stdin" => stdin()?,
        "env" => std::env::var_os("LAUNCHER_CONTEXT_JSON")
            .ok_or_else(|| error("LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set"))?
            .into_vec(),
        "fd" => descriptor(rest)?,
        "files" => file(&folder.join("context.json"))?,
        "unix" => match get(folder, "/v1/context")? {
            (200, body) => return Ok((body, Some(folder.into()), folder)),
            (_, body) => return Err(error(format!("the launcher did not return the context: {}", lossy(&body)))),
        },
        _ => return Err(error(format!("unsupported delivery {:?} in LAUNCHER_CONTEXT", kind))),
    };
    Ok((text, None, folder))
}

/// Standard input is at its end afterwards for child processes too, also where it
/// is a file that could be read again.
fn stdin() -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    // Beside std::io::stdin(), which reads ahead. Dropping it closes descriptor 0,
    // which the next file to be opened is given.
    let mut input = unsafe { File::from_raw_fd(0) };
    let done = input.read_to_end(&mut text);
    drop(input);
    if let Ok(null) = File::open("/dev/null") {
        let _ = null.into_raw_fd();
    }
    done.map_err(|e| error(format!("the context on standard input: {}", e)))?;
    if text.is_empty() {
        return Err(error(format!("standard input holds no context: it was already read, by this process or another; {}", WORKERS)));
    }
    Ok(text)
}

/// Reads beside the offset, which processes share.
fn descriptor(number: &str) -> Result<Vec<u8>, Error> {
    let fd: RawFd = number.parse().map_err(|_| error(format!("LAUNCHER_CONTEXT: {:?} is not a descriptor", number)))?;
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    let mut text: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let n = file.read_at(&mut chunk, text.len() as u64).map_err(|e| {
            error(format!("the context on descriptor {}: {}; {}", fd, e, WORKERS))
        })?;
        if n == 0 && text.iter().find(|c| !c.is_ascii_whitespace()) != Some(&b'{') {
            return Err(error(format!("descriptor {} holds no context; {}", fd, WORKERS)));
        }
        if n == 0 {
            return Ok(text);
        }
        text.extend_from_slice(&chunk[..n]);
    }
}

fn file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| error(format!("{} cannot be read: {}", path.display(), e)))
}

fn parse(text: &[u8]) -> Result<BTreeMap<String, Value>, Error> {
    let text = std::str::from_utf8(text).unwrap_or("");
    let mut document = match Value::parse(text) {
        Some(Value::Object(document)) => document,
        _ => return Err(error("the context is not a JSON object in UTF-8")),
    };
    match document.remove("version") {
        Some(Value::Number(version)) if version == "1" => Ok(document),
        Some(Value::Number(version)) => {
            Err(error(format!("the context has an unsupported version ({}): launcher_context.rs reads version 1", version)))
        }
        _ => Err(error("the context has no version")),
    }
}

/// Takes the named object out of the document; none and null are an empty one.
fn object(document: &mut BTreeMap<String, Value>, name: &str) -> Result<BTreeMap<String, Value>, Error> {
    match document.remove(name) {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(object)) => Ok(object),
        _ => Err(error(format!("the context's {:?} is not a JSON object", name))),
    }
}

/// Every secret, wherever the delivery has put it: only env has them in variables,
/// and only files in the folder.
fn secrets(document: &mut BTreeMap<String, Value>, kind: &str, folder: &Path) -> Result<BTreeMap<String, Secret>, Error> {
    let mut secrets = BTreeMap::new();
    for place in ["secrets", "secrets_base64", "secrets_env", "secrets_files"] {
        for (key, value) in object(document, place)? {
            let secret = match (place, value) {
                ("secrets", Value::String(text)) => Some(Secret(text.into_bytes())),
                ("secrets_base64", Value::String(text)) => base64(text.as_bytes()).map(Secret),
                ("secrets_env", Value::String(name)) if kind == "env" => variable(&name),
                ("secrets_files", Value::String(name)) if kind == "files" && inside(&name) => {
                    Some(Secret(regular(&folder.join(name))?))
                }
                _ => None,
            };
            let secret = secret.ok_or_else(|| error(format!("the context's {} has no value for {:?}", place, key)))?;
            if secrets.contains_key(&key) {
                return Err(error(format!("duplicate secret {:?} in the context", key)));
            }
            secrets.insert(key, secret);
        }
    }
    Ok(secrets)
}

fn inside(name: &str) -> bool {
    !name.contains('/') && !matches!(name, "" | "." | "..")
}

/// A link could lead out of the folder, and a FIFO may never end.
fn regular(path: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(error(format!("{} is not a regular file", path.display()))),
        _ => file(path),
    }
}

fn variable(name: &str) -> Option<Secret> {
    if name.is_empty() || name.contains(&['=', '\0'][..]) {
        return None; // no name, and var_os may panic
    }
    std::env::var_os(name).map(|value: OsString| Secret(value.into_vec()))
}

fn find<'a>(secrets: &'a BTreeMap<String, Secret>, key: &str) -> Option<&'a Secret> {
    if let Some(secret) = secrets.get(key) {
        return Some(secret);
    }
    let mut alike = secrets.iter().filter(|(candidate, _)| fold(candidate) == fold(key));
    match (alike.next(), alike.next()) {
        (Some((_, secret)), None) => Some(secret),
        _ => None,
    }
}

fn fold(key: &str) -> String {
    key.to_ascii_lowercase().replace(&['-', '.'][..], "_")
}

/// The bytes of standard base64 with padding, or `None` where it is none.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padding = text.iter().rev().take_while(|c| **c == b'=').count();
    if text.len() % 4 != 0 || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text[..text.len() - padding].chunks(4) {
        let mut bits = 0u32;
        for c in group {
            bits = bits << 6 | ALPHABET.iter().position(|a| a == c)? as u32;
        }
        bits <<= 6 * (4 - group.len());
        let bits = bits.to_be_bytes();
        let (whole, rest) = bits[1..].split_at(group.len() - 1);
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

/// The secret that the launcher answers with, or `None`.
fn ask(path: &Path, key: &str) -> Result<Option<Secret>, Error> {
    let mut target = String::from("/v1/secrets/");
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => target.push(byte as char),
            _ => target.push_str(&format!("%{:02X}", byte)),
        }
    }
    match get(path, &target)? {
        (200, body) => Ok(Some(Secret(body))),
        (404, _) => Ok(None),
        (_, body) => Err(error(format!("secret {:?}: {}", key, lossy(&body)))),
    }
}

/// One request: the status and the body.
fn get(path: &Path, target: &str) -> Result<(u16, Vec<u8>), Error> {
    let ended = |why: String| {
        error(format!("the launcher process that serves secrets has ended ({}: {})", path.display(), why))
    };
    let mut answer = Vec::new();
    UnixStream::connect(path)
        .and_then(|mut socket| {
            write!(socket, "GET {} HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n", target)?;
            socket.read_to_end(&mut answer)
        })
        .map_err(|e| ended(e.to_string()))?;
    let split = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let body = answer.split_off(split.map_or(answer.len(), |at| at + 4));
    let head = lossy(&answer).to_ascii_lowercase();
    let status = head.strip_prefix("http/1.").and_then(|line| line.get(2..5)).and_then(|code| code.parse().ok());
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    match (status, length) {
        (Some(status), Some(length)) if length == body.len() => Ok((status, body)),
        _ => Err(ended("it closed early".into())),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A JSON value. `{}` prints it as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// A number as it is written, so that nothing of it is lost.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number, to the nearest that fits.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The values of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Value> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.blanks();
        if parser.at == text.len() {
            Some(value)
        } else {
            None
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{}", value),
            Value::Number(text) => f.write_str(text),
            Value::String(text) => quote(f, text),
            Value::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{}", if i == 0 { "[" } else { "," }, value)?;
                }
                f.write_str(if values.is_empty() { "[]" } else { "]" })
            }
            Value::Object(members) => {
                for (i, (name, value)) in members.iter().enumerate() {
                    f.write_str(if i == 0 { "{" } else { "," })?;
                    quote(f, name)?;
                    write!(f, ":{}", value)?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{}", c)?,
            '\0'..='\x1f' => write!(f, "\\u{:04x}", c as u32)?,
            _ => write!(f, "{}", c)?,
        }
    }
    f.write_str("\"")
}

/// Reads JSON (RFC 8259) from a text.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    const DEEPEST: usize = 1000; // each level is a call

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > Self::DEEPEST {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'n' => self.take("null").map(|_| Value::Null),
            b't' => self.take("true").map(|_| Value::Bool(true)),
            b'f' => self.take("false").map(|_| Value::Bool(false)),
            b'"' => self.string().map(Value::String),
            b'[' => {
                let mut values = Vec::new();
                self.sequence(']', |parser| {
                    values.push(parser.value(depth + 1)?);
                    Some(())
                })?;
                Some(Value::Array(values))
            }
            b'{' => {
                let mut members = BTreeMap::new();
                self.sequence('}', |parser| {
                    let name = parser.string()?;
                    parser.blanks();
                    parser.take(":")?;
                    members.insert(name, parser.value(depth + 1)?);
                    Some(())
                })?;
                Some(Value::Object(members))
            }
            _ => self.number(),
        }
    }

    /// What is between brackets, with commas.
    fn sequence(&mut self, end: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.blanks();
        if self.peek()? == end as u8 {
            self.at += 1;
            return Some(());
        }
        loop {
            self.blanks();
            item(self)?;
            self.blanks();
            self.at += 1;
            match self.text.as_bytes()[self.at - 1..].first()? {
                b',' => continue,
                c if *c == end as u8 => return Some(()),
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        rest[..end].parse::<f64>().ok()?; // which takes more than JSON: +1, 01, .5 and 1.
        let digits = rest[..end].strip_prefix('-').unwrap_or(&rest[..end]).as_bytes();
        let whole = digits.iter().take_while(|c| c.is_ascii_digit()).count();
        let fraction = digits.get(whole) != Some(&b'.') || digits.get(whole + 1).map_or(false, u8::is_ascii_digit);
        if whole == 0 || whole > 1 && digits[0] == b'0' || !fraction {
            return None;
        }
        self.at += end;
        Some(Value::Number(rest[..end].into()))
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        Some(match self.text.as_bytes().get(self.at - 1)? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\x08',
            b'f' => '\x0c',
            b'u' => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                self.take("\\u")?;
                let low = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?
            }
            c @ (b'"' | b'\\' | b'/') => *c as char,
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
