use serde::de::DeserializeOwned;

use crate::bindings::exports::sallyport::plugin::{lifecycle, policy_check};
use crate::plugin::{plugin, start};
use crate::{Decision, PolicyContext, Request};

/// A `policy` plugin. An `Err` and a panic deny, as everything does that is not [`Decision::Allow`].
///
/// Several instances run side by side, and any of them may be discarded. Keep in `self` only what follows from the
/// configuration.
pub trait Policy: Sized + Send + Sync + 'static {
    /// The operator's `config`. Derive `serde::Deserialize` with `#[serde(deny_unknown_fields)]`, so that misspelled fields
    /// are refused; a `config_schema` in the descriptor refuses them even earlier.
    type Config: DeserializeOwned;

    /// Called once per instance. An `Err` refuses the configuration; the gateway then does not start.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// Decides about a request right before it is sent.
    fn decide(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String>;

    /// Decides whether the caller sees an entry of a list. The request has `{}` as arguments, and its `uri` may be a
    /// template. Allow what could be allowed.
    fn show(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        self.decide(context, request)
    }
}

impl<T: Policy> lifecycle::Guest for T {
    fn configure(config: String) -> Result<(), String> {
        start(&config, <T as Policy>::configure)
    }
}

impl<T: Policy> policy_check::Guest for T {
    fn decide(context: PolicyContext, request: Request) -> Result<Decision, String> {
        plugin::<T>()?.decide(&context, &request)
    }

    fn decide_many(context: PolicyContext, requests: Vec<Request>) -> Result<Vec<Decision>, String> {
        let plugin = plugin::<T>()?;
        requests.iter().map(|request| plugin.show(&context, request)).collect()
    }
}
