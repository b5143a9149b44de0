//! Finds numbers that people write in groups of digits.

/// Returns the digits at the start of the text, without single separators, and the length up to each.
fn digits(text: &str, separators: &[u8], most: usize) -> Vec<(u8, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).filter(|_| found.len() < most) {
        if byte.is_ascii_digit() {
            found.push((byte - b'0', at + 1));
        } else if found.is_empty() || !separators.contains(byte) || !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
            break;
        }
        at += 1;
    }
    found
}

/// A payment card: 13 to 19 digits with a valid check digit (ISO/IEC 7812-1, Luhn), of an issuer of payment cards. Other
/// groups of digits may follow.
pub fn card(text: &str) -> Option<usize> {
    let digits = digits(text, b" -", 20);
    if !(2..=6).contains(&digits.first()?.0) {
        return None;
    }
    let lengths = (13..=digits.len().min(19)).rev();
    let whole = |count: usize| {
        let end = digits[count - 1].1;
        !text.as_bytes().get(end).is_some_and(u8::is_ascii_digit) && luhn(&digits[..count])
    };
    lengths.into_iter().find(|count| whole(*count)).map(|count| digits[count - 1].1)
}

fn luhn(digits: &[(u8, usize)]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, (digit, _))| match at % 2 {
            0 => u32::from(*digit),
            _ => u32::from(digit * 2 / 10 + digit * 2 % 10),
        })
        .sum();
    sum % 10 == 0
}

/// A US social security number as it is written, `123-45-6789`; nine plain digits do not count.
pub fn ssn(text: &str) -> Option<usize> {
    let bytes = text.as_bytes().get(..11)?;
    let separator = bytes[3];
    let shape = bytes.iter().enumerate().all(|(at, byte)| match at {
        3 | 6 => *byte == separator && matches!(byte, b'-' | b' '),
        _ => byte.is_ascii_digit(),
    });
    let joins = text.as_bytes().get(11) == Some(&b'-') && text.as_bytes().get(12).is_some_and(u8::is_ascii_digit);
    if !shape || joins {
        return None;
    }
    let (area, group, serial) = (&text[..3], &text[4..6], &text[7..11]);
    let never = area == "000" || area == "666" || area.starts_with('9') || group == "00" || serial == "0000";
    (!never).then_some(11)
}

/// A phone number with country code (`+44 20 7946 0958`), or a North American one in groups (`(212) 555-0123`).
pub fn phone(text: &str) -> Option<usize> {
    match text.strip_prefix('+') {
        Some(rest) => international(rest).map(|length| length + 1),
        None => north_american(text),
    }
}

/// The maximum number of digits (ITU-T E.164).
fn international(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut count = 0;
    let mut end = 0;
    let mut gap = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                count += 1;
                gap = 0;
                end = at + 1;
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' if count > 0 && gap < 2 => gap += 1,
            _ => break,
        }
        if count > 15 {
            return None;
        }
    }
    (count >= 8 && bytes[0] != b'0').then_some(end)
}

fn north_american(text: &str) -> Option<usize> {
    let country = ["1-", "1 ", "1."].into_iter().find(|prefix| text.starts_with(prefix)).map_or(0, str::len);
    let rest = &text.as_bytes()[country..];
    let bracket = rest.first() == Some(&b'(');
    let area = rest.get(usize::from(bracket)..)?;
    let mut at = country + usize::from(bracket) + 3;
    let bytes = text.as_bytes();
    if bracket {
        if bytes.get(at) != Some(&b')') {
            return None;
        }
        at += 1 + usize::from(bytes.get(at + 1) == Some(&b' '));
    } else {
        matches!(bytes.get(at)?, b'-' | b'.' | b' ').then_some(())?;
        at += 1;
    }
    let exchange = bytes.get(at..)?;
    let line = bytes.get(at + 4..at + 8)?;
    let group = |digits: &[u8]| matches!(digits.first(), Some(b'2'..=b'9')) && digits.len() >= 3 && digits[..3].iter().all(u8::is_ascii_digit);
    let separated = matches!(bytes.get(at + 3), Some(b'-' | b'.' | b' '));
    (group(area) && group(exchange) && separated && line.iter().all(u8::is_ascii_digit)).then_some(at + 8)
}
