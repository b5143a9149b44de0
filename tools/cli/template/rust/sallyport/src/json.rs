//! Strings within JSON text, and everything else as it was.

/// Shows `change` each string of a JSON text that is a value, and puts in what it yields; `None` leaves it. Names of
/// members are not shown, because schemas and later calls depend on them. Yields the new text, or `None` when nothing
/// was changed. What is between the strings stays byte for byte: numbers keep their digits, members their order, and no
/// depth is too deep.
///
/// # Errors
/// A string that has no end, or an escape that stands for no character (`"\ud800"` alone).
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

/// Where a string ends that the text begins with, and whether there are escapes in it.
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
    Err("a string in JSON has no end".into())
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
