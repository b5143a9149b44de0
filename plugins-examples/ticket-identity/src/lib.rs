//! Identifies callers by tickets that an application signs with a secret that it shares with the gateway.

mod ticket;

use sallyport::{
    Credentials, Identification, Identity, IdentityContext, Principal, Violation, clock, log, secret_store,
};
use serde::Deserialize;
use ticket::{Rejected, Ticket};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The names of the secrets, of which any may have signed a ticket.
    #[serde(default = "default_secrets")]
    secrets: Vec<String>,
    /// The longest time from now until a ticket expires.
    #[serde(default = "default_most_seconds")]
    most_seconds: u64,
}

fn default_secrets() -> Vec<String> {
    vec!["ticket-key".into()]
}

fn default_most_seconds() -> u64 {
    86_400
}

struct TicketIdentity(Config);

/// A shorter secret could be found by trying.
const LEAST_BYTES: usize = 16;

impl Identity for TicketIdentity {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.secrets.is_empty() {
            return Err("`secrets` is empty, so no ticket could be accepted".into());
        }
        Ok(TicketIdentity(config))
    }

    fn identify(&self, _: &IdentityContext, credentials: &Credentials) -> Result<Identification, String> {
        let Some(signed) = ticket::split(&credentials.value) else { return Ok(Identification::Unknown) };
        let keys = self.keys()?;
        let now = clock::now_ms() / 1_000;
        match Ticket::read(&signed, &keys, now, self.0.most_seconds) {
            Ok(ticket) => Ok(Identification::Known(principal(ticket, now))),
            Err(rejected) => Ok(Identification::Refuse(refusal(rejected))),
        }
    }
}

impl TicketIdentity {
    /// Reads the secrets each time, so that a rotated one counts at once.
    fn keys(&self) -> Result<Vec<String>, String> {
        let mut keys = Vec::new();
        for name in &self.0.secrets {
            match secret_store::get(name) {
                Ok(key) if key.len() >= LEAST_BYTES => keys.push(key),
                Ok(_) => log::warn(&format!("the secret {name} has fewer than {LEAST_BYTES} bytes and is not used")),
                Err(error) => log::warn(&format!("the secret {name} cannot be read: {error:?}")),
            }
        }
        if keys.is_empty() { Err("none of the secrets can be used".into()) } else { Ok(keys) }
    }
}

fn principal(ticket: Ticket, now: u64) -> Principal {
    let left = ticket.exp.saturating_sub(now);
    Principal {
        subject: ticket.sub,
        tenant: ticket.tenant,
        scopes: ticket.scopes,
        claims: serde_json::Value::Object(ticket.claims).to_string(),
        valid_for_s: Some(u32::try_from(left).unwrap_or(u32::MAX)),
    }
}

fn refusal(rejected: Rejected) -> Violation {
    match rejected {
        Rejected::Signature => Violation::new("TICKET_FORGED", "The signature of the ticket is wrong."),
        Rejected::Content => Violation::new("TICKET_MALFORMED", "The ticket is signed, and its content is not valid."),
        Rejected::Expired => Violation::new("TICKET_EXPIRED", "The ticket has expired."),
        Rejected::TooLong => Violation::new("TICKET_TOO_LONG", "The ticket is valid for too long."),
    }
}

sallyport::export!(TicketIdentity);
