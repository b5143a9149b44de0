/// Countries and the length of their IBANs (ISO 13616, SWIFT's registry).
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 \
    LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 \
    RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// An IBAN, in groups or not, with a valid checksum (ISO 7064, MOD 97-10).
pub fn at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let country = text.get(..2).filter(|country| country.bytes().all(|byte| byte.is_ascii_uppercase()))?;
    bytes.get(2..4)?.iter().all(u8::is_ascii_digit).then_some(())?;
    let length: usize = LENGTHS.split_ascii_whitespace().find_map(|each| each.strip_prefix(country))?.parse().ok()?;
    let mut characters = Vec::with_capacity(length);
    let mut end = 0;
    while characters.len() < length {
        match bytes.get(end)? {
            byte if byte.is_ascii_digit() || byte.is_ascii_uppercase() => characters.push(*byte),
            b' ' if characters.len() >= 4 && bytes[end - 1] != b' ' => {}
            _ => return None,
        }
        end += 1;
    }
    let rotated = characters[4..].iter().chain(&characters[..4]);
    let remainder = rotated.fold(0u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    (remainder == 1).then_some(end)
}
