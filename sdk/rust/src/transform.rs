use serde::de::DeserializeOwned;

use crate::bindings::exports::sallyport::plugin::{dispatch_hooks, lifecycle};
use crate::plugin::{plugin, start};
use crate::{CallContext, Request, RequestOutcome, Response, ResponseOutcome};

/// A `transform` plugin. The methods are called for the `hooks` named in the descriptor.
///
/// Several instances run side by side, and any of them may be discarded. Keep in `self` only what follows from the
/// configuration, use [`context`](crate::context) for the state of a request, and [`kv_store`](crate::kv_store) for what
/// outlives it.
pub trait Transform: Sized + Send + Sync + 'static {
    /// The operator's `config`. Derive `serde::Deserialize` with `#[serde(deny_unknown_fields)]`, so that misspelled fields
    /// are refused; a `config_schema` in the descriptor refuses them even earlier.
    type Config: DeserializeOwned;

    /// Called once per instance, before any hook. An `Err` refuses the configuration; the gateway then does not start.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// Implements the hooks `tool_pre_invoke`, `prompt_pre_fetch` and `resource_pre_fetch`.
    fn before(&self, context: &CallContext, request: Request) -> Result<RequestOutcome, String> {
        let _ = (context, request);
        Ok(RequestOutcome::Proceed)
    }

    /// Implements the hooks `tool_post_invoke`, `prompt_post_fetch`, `resource_post_fetch` and those of lists.
    fn after(&self, context: &CallContext, response: Response) -> Result<ResponseOutcome, String> {
        let _ = (context, response);
        Ok(ResponseOutcome::Proceed)
    }
}

impl<T: Transform> lifecycle::Guest for T {
    fn configure(config: String) -> Result<(), String> {
        start(&config, <T as Transform>::configure)
    }
}

impl<T: Transform> dispatch_hooks::Guest for T {
    fn before_dispatch(context: CallContext, request: Request) -> Result<RequestOutcome, String> {
        plugin::<T>()?.before(&context, request)
    }

    fn after_dispatch(context: CallContext, response: Response) -> Result<ResponseOutcome, String> {
        plugin::<T>()?.after(&context, response)
    }
}
