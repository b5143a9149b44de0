//! Identifies a service by its key, which is a secret of the gateway.

use sallyport::{Credentials, Identification, Identity, IdentityContext, Principal, secret_store};
use serde::Deserialize;

/// The operator's configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plugin {
    secret: String,
    subject: String,
}

impl Default for Plugin {
    fn default() -> Self {
        Plugin { secret: "service-key".into(), subject: "service".into() }
    }
}

impl Identity for Plugin {
    type Config = Self;

    /// Refuses a configuration that would identify nobody.
    fn configure(config: Self) -> Result<Self, String> {
        if config.subject.is_empty() {
            return Err("subject must not be empty".into());
        }
        Ok(config)
    }

    /// Called with the header that the operator chose. An `Err` says that the credentials cannot be checked now.
    fn identify(&self, _: &IdentityContext, credentials: &Credentials) -> Result<Identification, String> {
        let key = secret_store::get(&self.secret).map_err(|error| format!("{}: {error:?}", self.secret))?;
        if !is_same(credentials.value.as_bytes(), key.as_bytes()) {
            return Ok(Identification::Unknown);
        }
        Ok(Identification::Known(Principal {
            subject: self.subject.clone(),
            tenant: None,
            scopes: Vec::new(),
            claims: "{}".into(),
            valid_for_s: None,
        }))
    }
}

/// Compares in a time that does not depend on where the difference is.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b));
    one.len() == other.len() && difference == 0
}

sallyport::export!(Plugin);
