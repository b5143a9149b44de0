use std::fmt::Write;

use hmac_sha256::HMAC;
use serde::Deserialize;

use crate::find::Kind;

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    #[default]
    Replace,
    Partial,
    Hash,
}

/// Keeps a recognisable part: the domain, the last four digits, the network, the kind of key.
pub fn partial(kind: Kind, found: &str) -> String {
    match kind {
        Kind::Email => {
            let at = found.find('@').unwrap_or(found.len());
            format!("{}***{}", &found[..1], &found[at..])
        }
        Kind::Ip if found.contains(':') => format!("{}:***", found.split(':').next().unwrap_or_default()),
        Kind::Ip => format!("{}.***", found.rsplitn(3, '.').nth(2).unwrap_or_default()),
        Kind::Key => format!("{}***", &found[..4]),
        Kind::Phone | Kind::Card | Kind::Ssn | Kind::Iban => last_four(found),
    }
}

fn last_four(found: &str) -> String {
    let count = found.bytes().filter(u8::is_ascii_alphanumeric).count();
    let mut left = count - 4;
    let hide = |each: char| {
        if each.is_ascii_alphanumeric() && left > 0 {
            left -= 1;
            return '*';
        }
        each
    };
    found.chars().map(hide).collect()
}

/// Returns 64 bits of HMAC-SHA-256, equal for equal values, so that records can still be joined. Case and separators of
/// numbers are ignored.
pub fn hash(kind: Kind, found: &str, key: &str) -> String {
    let separates = |each: char| matches!(each, ' ' | '-' | '.' | '(' | ')' | '/');
    let numeric = matches!(kind, Kind::Phone | Kind::Card | Kind::Ssn | Kind::Iban);
    let same: String = match kind {
        Kind::Key => found.into(),
        _ => found.chars().filter(|each| !numeric || !separates(*each)).flat_map(char::to_lowercase).collect(),
    };
    let code = HMAC::mac(format!("{}:{same}", kind.name()), key);
    let mut text = format!("[{}:", kind.name());
    for byte in &code[..8] {
        let _ = write!(text, "{byte:02x}");
    }
    text.push(']');
    text
}
