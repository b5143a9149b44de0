use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use serde::Deserialize;

/// The prefix of each ticket. It is signed too, so a MAC for other data does not fit a ticket.
const PREFIX: &str = "t1.";

/// A ticket in its parts. Nothing in it is proven.
pub struct Signed<'a> {
    /// Everything but the MAC.
    signed: &'a str,
    payload: &'a str,
    mac: &'a str,
}

/// What an application says of a caller.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    pub sub: String,
    pub tenant: Option<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// When it expires, in seconds since 1970.
    pub exp: u64,
}

/// Why a ticket is not accepted.
#[derive(Debug, PartialEq)]
pub enum Rejected {
    Signature,
    Content,
    Expired,
    TooLong,
}

/// Returns the parts of `t1.PAYLOAD.MAC`; `None` for what is no ticket.
pub fn split(text: &str) -> Option<Signed<'_>> {
    let (signed, mac) = text.rsplit_once('.')?;
    let payload = signed.strip_prefix(PREFIX)?;
    Some(Signed { signed, payload, mac })
}

impl Ticket {
    /// Verifies a ticket before anything else looks at its content.
    pub fn read(ticket: &Signed, keys: &[String], now: u64, most_seconds: u64) -> Result<Ticket, Rejected> {
        let mac = URL_SAFE_NO_PAD.decode(ticket.mac).map_err(|_| Rejected::Signature)?;
        let mac = <[u8; 32]>::try_from(mac).map_err(|_| Rejected::Signature)?;
        // Each comparison takes the same time, wherever the first difference is.
        if !keys.iter().any(|key| HMAC::verify(ticket.signed, key, &mac)) {
            return Err(Rejected::Signature);
        }
        let payload = URL_SAFE_NO_PAD.decode(ticket.payload).map_err(|_| Rejected::Content)?;
        let read: Ticket = serde_json::from_slice(&payload).map_err(|_| Rejected::Content)?;
        if read.exp <= now {
            return Err(Rejected::Expired);
        }
        if read.exp - now > most_seconds {
            return Err(Rejected::TooLong);
        }
        Ok(read)
    }
}
