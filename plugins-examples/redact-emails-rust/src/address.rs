const LOCAL_LENGTH: usize = 64;
const LABEL_LENGTH: usize = 63;
const LABELS: usize = 8;

/// Replaces each e-mail address and counts them; `None` if there are none. Searches outward from each @, because most text
/// has none, which one fast search finds out.
pub fn replace(text: &str, replacement: &str, count: &mut u32) -> Option<String> {
    let bytes = text.as_bytes();
    let mut redacted = String::new();
    let mut kept = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find('@').map(|distance| from + distance) {
        from = at + 1;
        let local = bytes[kept..at].iter().rev().take(LOCAL_LENGTH);
        let start = at - local.take_while(|byte| is_local(**byte)).count();
        if start == at {
            continue;
        }
        let Some(length) = domain(&bytes[from..]) else {
            continue;
        };
        redacted.push_str(&text[kept..start]);
        redacted.push_str(replacement);
        kept = from + length;
        from = kept;
        *count += 1;
    }
    if kept == 0 {
        return None;
    }
    redacted.push_str(&text[kept..]);
    Some(redacted)
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte)
}

/// Returns the length of the longest domain at the start of the text: one to eight labels, each with its dot, and a last
/// one of letters. Each part is bounded, so that no text makes the search slow.
fn domain(text: &[u8]) -> Option<usize> {
    let mut longest = None;
    let mut end = 0;
    for _ in 0..LABELS {
        let label = run(&text[end..], |byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if label == 0 || text.get(end + label) != Some(&b'.') {
            break;
        }
        end += label + 1;
        let last = run(&text[end..], |byte| byte.is_ascii_alphabetic());
        if last >= 2 {
            longest = Some(end + last);
        }
    }
    longest
}

/// Counts the leading bytes that satisfy a condition, up to the longest label.
fn run(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().take(LABEL_LENGTH).take_while(|byte| is(**byte)).count()
}
