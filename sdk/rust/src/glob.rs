/// Whether a name matches a pattern, in which each `*` matches any text: `run_*`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = name.split_once(part) else {
            return false;
        };
        name = after;
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn takes_each_star_for_any_text() {
        for (pattern, name) in [("a", "a"), ("*", ""), ("a*", "a"), ("*c", "abc"), ("a*b*c", "axbxbc"), ("a**", "ab")] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a*a", "a"), ("a*b*c", "ac"), ("*b*", "a"), ("", "a"), ("a*b", "ba")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
