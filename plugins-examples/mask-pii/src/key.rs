/// Known key prefixes, with the minimum number of characters that follow.
const PREFIXES: [(&str, usize); 26] = [
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("rk_test_", 16),
    ("whsec_", 16),
    ("ghp_", 36),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("ghr_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("ya29.", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xoxs-", 20),
    ("xapp-", 20),
    ("npm_", 36),
    ("pypi-", 40),
    ("hf_", 30),
    ("SG.", 40),
];
const LONGEST: usize = 4_096;
const LONGEST_HEADER: usize = 512;

/// Whether a key may begin with this byte: with a known prefix, as a token, or as a private key.
pub const fn may_begin_with(byte: u8) -> bool {
    let mut at = 0;
    while at < PREFIXES.len() {
        if PREFIXES[at].0.as_bytes()[0] == byte {
            return true;
        }
        at += 1;
    }
    matches!(byte, b'e' | b'-')
}

/// An API key, a JSON Web Token, or a private key in PEM. Other text is rejected after a few characters, so that no text
/// makes the search slow.
pub fn at(text: &str) -> Option<usize> {
    if text.starts_with("-----BEGIN ") {
        return pem(text);
    }
    if text.starts_with("eyJ") {
        return token(text);
    }
    let (prefix, least) = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix))?;
    // A sentence ends with a dot.
    let word = text[..run(text, b"_-.", LONGEST)].trim_end_matches(['.', '-']);
    (word.len() >= prefix.len() + least).then_some(word.len())
}

fn run(text: &str, others: &[u8], most: usize) -> usize {
    text.bytes().take(most).take_while(|byte| byte.is_ascii_alphanumeric() || others.contains(byte)).count()
}

/// A JSON Web Token (RFC 7519): header, claims and signature in base64url; the signature may be empty.
fn token(text: &str) -> Option<usize> {
    let mut end = 0;
    for most in [LONGEST_HEADER, LONGEST] {
        let part = run(&text[end..], b"_-", most);
        end += part + 1;
        if part < 10 || text.as_bytes().get(end - 1) != Some(&b'.') {
            return None;
        }
    }
    Some(end + run(&text[end..], b"_-", LONGEST))
}

/// A private key up to its end, or to the end of the text if it is cut off.
fn pem(text: &str) -> Option<usize> {
    let label = &text["-----BEGIN ".len()..];
    let label = &label[..label.bytes().take(32).take_while(|byte| byte.is_ascii_uppercase() || *byte == b' ').count()];
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let end = format!("-----END {label}-----");
    Some(text.find(&end).map_or(text.len(), |at| at + end.len()))
}
