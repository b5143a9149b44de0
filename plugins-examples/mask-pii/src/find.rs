use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use serde::Deserialize;

use crate::{iban, key, number};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Email,
    Phone,
    Card,
    Ssn,
    Iban,
    Ip,
    Key,
}

impl Kind {
    pub fn all() -> BTreeSet<Kind> {
        [Kind::Email, Kind::Phone, Kind::Card, Kind::Ssn, Kind::Iban, Kind::Ip, Kind::Key].into()
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Card => "card",
            Kind::Ssn => "ssn",
            Kind::Iban => "iban",
            Kind::Ip => "ip",
            Kind::Key => "key",
        }
    }
}

pub struct Found {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// Finds an item of one kind at the start of a text, by its possible first characters, and returns its length.
type Finder = fn(&str) -> Option<usize>;

/// The more specific kinds come first: a card number is not a phone number.
const FINDERS: [(Kind, Finder); 6] = [
    (Kind::Key, key::at),
    (Kind::Iban, iban::at),
    (Kind::Ip, ip),
    (Kind::Ssn, number::ssn),
    (Kind::Card, number::card),
    (Kind::Phone, number::phone),
];

/// Finds the next item from a position on. The work per position is bounded, so that no text makes the search slow.
pub fn next(text: &str, from: usize, kinds: &BTreeSet<Kind>) -> Option<Found> {
    let bytes = text.as_bytes();
    for (start, byte) in bytes.iter().enumerate().skip(from) {
        if *byte == b'@' && kinds.contains(&Kind::Email) {
            if let Some((start, end)) = email(text, from, start) {
                return Some(Found { kind: Kind::Email, start, end });
            }
            continue;
        }
        let before = start.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        if !begins(*byte) || before.is_ascii_alphanumeric() || before >= 0x80 || before == b'_' || part_of_number(bytes, start)
        {
            continue;
        }
        for (kind, find) in FINDERS.iter().filter(|(kind, _)| kinds.contains(kind)) {
            let Some(length) = find(&text[start..]) else {
                continue;
            };
            let end = start + length;
            let after = bytes.get(end).copied().unwrap_or(b' ');
            // An e-mail address may begin like a number.
            if !after.is_ascii_alphanumeric() && after < 0x80 && after != b'_' && after != b'@' {
                return Some(Found { kind: *kind, start, end });
            }
        }
    }
    None
}

fn begins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'(' | b':' | b'-')
}

/// Whether digits here continue what precedes them: a fraction (`0.4111…`), a version, a longer number.
fn part_of_number(bytes: &[u8], start: usize) -> bool {
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let joins = start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|byte| matches!(byte, b'.' | b'-'));
    bytes[start].is_ascii_digit() && joins && digit(start.checked_sub(2))
}

const LOCAL_LENGTH: usize = 64;
const LABEL_LENGTH: usize = 63;
const LABELS: usize = 8;

/// Searches outward from an @, back to the end of the last item.
fn email(text: &str, from: usize, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(*byte);
    let local = bytes[from..at].iter().rev().take(LOCAL_LENGTH).take_while(is_local).count();
    let mut end = at + 1;
    let mut longest = None;
    for _ in 0..LABELS {
        let label = run(&bytes[end..], |byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if label == 0 || bytes.get(end + label) != Some(&b'.') {
            break;
        }
        end += label + 1;
        let last = run(&bytes[end..], |byte| byte.is_ascii_alphabetic());
        if last >= 2 {
            longest = Some(end + last);
        }
    }
    longest.filter(|_| local > 0).map(|end| (at - local, end))
}

fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take(LABEL_LENGTH).take_while(|byte| is(**byte)).count()
}

/// An IPv4 address of four decimal numbers, or an IPv6 address in any notation.
fn ip(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes.iter().take(46).take_while(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)).count();
    let mut address = &text[..length];
    address = address.strip_suffix('.').unwrap_or(address);
    if !address.contains(':') || address.find('.').is_some_and(|dot| address.find(':').is_some_and(|colon| dot < colon)) {
        // A port may follow.
        let v4 = address.split(':').next().unwrap_or_default();
        return is_v4(v4).then_some(v4.len());
    }
    if !address.ends_with("::") {
        address = address.strip_suffix(':').unwrap_or(address);
    }
    // `a::b` and `fade::` occur in source code.
    let digits = address.bytes().any(|byte| byte.is_ascii_digit());
    (digits && address.parse::<Ipv6Addr>().is_ok()).then_some(address.len())
}

fn is_v4(text: &str) -> bool {
    let parts = text.split('.');
    let is_part = |part: &str| part.len() <= 3 && part.parse::<u16>().is_ok_and(|number| number <= 255);
    parts.clone().count() == 4 && parts.clone().all(is_part)
}
