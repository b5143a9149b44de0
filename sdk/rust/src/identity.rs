use serde::de::DeserializeOwned;

use crate::bindings::exports::sallyport::plugin::{identity_check, lifecycle};
use crate::plugin::{plugin, start};
use crate::{
    ArrivingRequest, AuthenticatedCaller, Credentials, Identification, IdentityContext, PostCheckOutcome,
    PreCheckOutcome,
};

/// An `identity` plugin. An `Err` and a panic refuse the request.
///
/// Several instances run side by side, and any of them may be discarded. Keep in `self` only what follows from the
/// configuration.
pub trait Identity: Sized + Send + Sync + 'static {
    /// The operator's `config`. Derive `serde::Deserialize` with `#[serde(deny_unknown_fields)]`, so that misspelled fields
    /// are refused; a `config_schema` in the descriptor refuses them even earlier.
    type Config: DeserializeOwned;

    /// Called once per instance. An `Err` refuses the configuration; the gateway then does not start.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// Identifies a caller by its credentials. An `Err` says that they cannot be checked now. The answer is remembered, so
    /// it must depend on the credentials alone.
    fn identify(&self, context: &IdentityContext, credentials: &Credentials) -> Result<Identification, String> {
        let _ = (context, credentials);
        Ok(Identification::Unknown)
    }

    /// The hook `auth_pre_check`: called for each request before its caller is authenticated.
    fn pre_check(&self, context: &IdentityContext, request: &ArrivingRequest) -> Result<PreCheckOutcome, String> {
        let _ = (context, request);
        Ok(PreCheckOutcome::Proceed)
    }

    /// The hook `auth_post_check`: called for each request once its caller is authenticated.
    fn post_check(&self, context: &IdentityContext, caller: &AuthenticatedCaller) -> Result<PostCheckOutcome, String> {
        let _ = (context, caller);
        Ok(PostCheckOutcome::Proceed)
    }
}

impl<T: Identity> lifecycle::Guest for T {
    fn configure(config: String) -> Result<(), String> {
        start(&config, <T as Identity>::configure)
    }
}

impl<T: Identity> identity_check::Guest for T {
    fn identify(context: IdentityContext, credentials: Credentials) -> Result<Identification, String> {
        plugin::<T>()?.identify(&context, &credentials)
    }

    fn pre_check(context: IdentityContext, request: ArrivingRequest) -> Result<PreCheckOutcome, String> {
        plugin::<T>()?.pre_check(&context, &request)
    }

    fn post_check(context: IdentityContext, caller: AuthenticatedCaller) -> Result<PostCheckOutcome, String> {
        plugin::<T>()?.post_check(&context, &caller)
    }
}
