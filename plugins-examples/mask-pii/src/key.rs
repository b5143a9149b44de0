/// How keys begin whose makers mark them, and how many characters follow at least.
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

/// A key of a service, a JSON Web Token, or a private key in PEM.
pub fn at(text: &str) -> Option<usize> {
    if text.starts_with("-----BEGIN ") {
        return pem(text);
    }
    let length = text.bytes().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)).count();
    // A sentence ends with a dot.
    let word = text[..length].trim_end_matches(['.', '-']);
    let marked = PREFIXES.iter().any(|(prefix, least)| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least));
    let parts = || word.split('.');
    let token = word.starts_with("eyJ") && parts().count() == 3 && parts().take(2).all(|part| part.len() >= 10);
    (marked || token).then_some(word.len())
}

/// To its end, or to the end of the text when that is cut off.
fn pem(text: &str) -> Option<usize> {
    let label = text.lines().next()?.strip_prefix("-----BEGIN ")?;
    let label = label.split("-----").next()?;
    if !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let end = format!("-----END {label}-----");
    Some(text.find(&end).map_or(text.len(), |at| at + end.len()))
}
