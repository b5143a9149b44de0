use serde::de::DeserializeOwned;

use crate::bindings::exports::sallyport::plugin::{federation_check, lifecycle};
use crate::plugin::{plugin, start};
use crate::{
    FederationContext, JoiningServer, ListRefresh, PostSyncOutcome, PreRegisterOutcome, PreSyncOutcome,
    RegisteredServer, ServerList,
};

/// A `federation` plugin: it decides which servers join the gateway, and what of their lists is used. An `Err` and a panic
/// are failures, which refuse by default.
///
/// Several instances run side by side, and any of them may be discarded. Keep in `self` only what follows from the
/// configuration.
pub trait Federation: Sized + Send + Sync + 'static {
    /// The operator's `config`. Derive `serde::Deserialize` with `#[serde(deny_unknown_fields)]`, so that misspelled fields
    /// are refused; a `config_schema` in the descriptor refuses them even earlier.
    type Config: DeserializeOwned;

    /// Called once per instance. An `Err` refuses the configuration; the gateway then does not start.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// The hook `server_pre_register`: called before a server joins.
    fn pre_register(&self, context: &FederationContext, server: &JoiningServer) -> Result<PreRegisterOutcome, String> {
        let _ = (context, server);
        Ok(PreRegisterOutcome::Proceed)
    }

    /// The hook `server_post_register`: called once a server has joined and was reached. It only observes.
    fn post_register(&self, context: &FederationContext, server: &RegisteredServer) -> Result<(), String> {
        let _ = (context, server);
        Ok(())
    }

    /// The hook `federation_pre_sync`: called before a list of a server is read.
    fn pre_sync(&self, context: &FederationContext, refresh: &ListRefresh) -> Result<PreSyncOutcome, String> {
        let _ = (context, refresh);
        Ok(PreSyncOutcome::Proceed)
    }

    /// The hook `federation_post_sync`: called for a whole list that was read, before anybody uses it. Entries may be
    /// removed, moved and changed, but not added or renamed.
    fn post_sync(&self, context: &FederationContext, received: ServerList) -> Result<PostSyncOutcome, String> {
        let _ = (context, received);
        Ok(PostSyncOutcome::Proceed)
    }
}

impl<T: Federation> lifecycle::Guest for T {
    fn configure(config: String) -> Result<(), String> {
        start(&config, <T as Federation>::configure)
    }
}

impl<T: Federation> federation_check::Guest for T {
    fn pre_register(context: FederationContext, server: JoiningServer) -> Result<PreRegisterOutcome, String> {
        plugin::<T>()?.pre_register(&context, &server)
    }

    fn post_register(context: FederationContext, server: RegisteredServer) -> Result<(), String> {
        plugin::<T>()?.post_register(&context, &server)
    }

    fn pre_sync(context: FederationContext, refresh: ListRefresh) -> Result<PreSyncOutcome, String> {
        plugin::<T>()?.pre_sync(&context, &refresh)
    }

    fn post_sync(context: FederationContext, received: ServerList) -> Result<PostSyncOutcome, String> {
        plugin::<T>()?.post_sync(&context, received)
    }
}
