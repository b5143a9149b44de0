//! Replaces strings in JSON text and leaves everything else byte for byte.

/// Calls `change` with each string value of a JSON text and uses what it returns; `None` leaves the string. Member names
/// are left out, because schemas and later calls depend on them. Returns the new text, or `None` if nothing changed.
/// Everything between the strings stays byte for byte: numbers keep their digits, members their order. Nesting may be
/// arbitrarily deep.
///
/// # Errors
/// An unterminated string, or an escape that is not a character (`"\ud800"` alone).
pub fn replace_strings(
    json: &str,
    mut change: impl FnMut(&str) -> Option<String>,
) -> Result<Option<String>, String> {
    let mut changed = String::new();
    let mut kept = 0;
    let mut from = 0;
    while let Some(distance) = json[from..].find('"') {
        let start = from + distance;
        let inside = start + 1;
        let (length, escaped) = extent(&json[inside..])?;
        let end = inside + length;
        from = end + 1;
        if json[from..].trim_start().starts_with(':') {
            continue;
        }
        let new = if escaped {
            let text: String = serde_json::from_str(&json[start..from]).map_err(|error| error.to_string())?;
            change(&text)
        } else {
            change(&json[inside..end])
        };
        if let Some(new) = new {
            changed.push_str(&json[kept..start]);
            changed.push_str(&serde_json::Value::String(new).to_string());
            kept = from;
        }
    }
    if kept == 0 {
        return Ok(None);
    }
    changed.push_str(&json[kept..]);
    Ok(Some(changed))
}

/// Returns where the string at the start of the text ends, and whether it contains escapes.
fn extent(text: &str) -> Result<(usize, bool), String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut escaped = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Ok((at, escaped)),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    Err("unterminated string in JSON".into())
}

#[cfg(test)]
mod tests {
    use super::replace_strings;

    fn shout(json: &str) -> Result<Option<String>, String> {
        replace_strings(json, |text| text.contains('a').then(|| text.replace('a', "\"A\"")))
    }

    #[test]
    fn replaces_values_and_keeps_all_else() {
        let cases = [
            (r#""a""#, r#""\"A\"""#),
            (r#"{"a" : "a", "n": 1.10e3,  "b":["a",null]}"#, r#"{"a" : "\"A\"", "n": 1.10e3,  "b":["\"A\"",null]}"#),
            (r#"["\u0061\\", "x"]"#, r#"["\"A\"\\", "x"]"#),
            (r#"["a:"]"#, r#"["\"A\":"]"#),
        ];
        for (json, expected) in cases {
            assert_eq!(shout(json).unwrap().as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn tells_that_nothing_was_changed() {
        for json in ["", "1", r#"{"a":"x"}"#, r#"["\"\\"]"#, "[]"] {
            assert_eq!(shout(json), Ok(None), "{json}");
        }
    }

    #[test]
    fn refuses_what_is_no_string() {
        for json in ["\"a", "\"\\", r#""\ud800""#, r#""\x""#] {
            assert!(shout(json).is_err(), "{json}");
        }
    }
}
