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

/// A set of kinds, a bit for each.
#[derive(Clone, Copy, Deserialize)]
#[serde(from = "BTreeSet<Kind>")]
pub struct Kinds(u8);

impl Kinds {
    pub const ALL: Kinds = Kinds(u8::MAX);

    const fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | 1 << kind as u8)
    }

    const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<BTreeSet<Kind>> for Kinds {
    fn from(kinds: BTreeSet<Kind>) -> Kinds {
        kinds.into_iter().fold(Kinds(0), Kinds::with)
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

/// The kinds of items that each byte may begin, or for an e-mail address be the @ of. Most bytes of most texts can be
/// none, and one look at this table skips them.
static BEGINNINGS: [Kinds; 256] = {
    let mut beginnings = [Kinds(0); 256];
    let mut byte = 0;
    while byte < 256 {
        beginnings[byte] = beginnings_of(byte as u8);
        byte += 1;
    }
    beginnings
};

const fn beginnings_of(byte: u8) -> Kinds {
    let mut kinds = Kinds(0);
    if byte == b'@' {
        kinds = kinds.with(Kind::Email);
    }
    if key::may_begin_with(byte) {
        kinds = kinds.with(Kind::Key);
    }
    if byte.is_ascii_uppercase() {
        kinds = kinds.with(Kind::Iban);
    }
    if byte.is_ascii_hexdigit() || byte == b':' {
        kinds = kinds.with(Kind::Ip);
    }
    if byte.is_ascii_digit() {
        kinds = kinds.with(Kind::Ssn).with(Kind::Card);
    }
    if byte.is_ascii_digit() || matches!(byte, b'+' | b'(') {
        kinds = kinds.with(Kind::Phone);
    }
    kinds
}

/// Finds the next item from a position on. The work per position is bounded, so that no text makes the search slow.
pub fn next(text: &str, from: usize, kinds: Kinds) -> Option<Found> {
    let bytes = text.as_bytes();
    for (start, byte) in bytes.iter().enumerate().skip(from) {
        let possible = BEGINNINGS[usize::from(*byte)].and(kinds);
        if possible.is_empty() {
            continue;
        }
        if *byte == b'@' {
            if let Some((start, end)) = email(text, from, start) {
                return Some(Found { kind: Kind::Email, start, end });
            }
            continue;
        }
        let before = start.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        if before.is_ascii_alphanumeric() || before >= 0x80 || before == b'_' || part_of_number(bytes, start) {
            continue;
        }
        for (kind, find) in FINDERS.iter().filter(|(kind, _)| possible.contains(*kind)) {
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
