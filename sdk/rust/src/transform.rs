use std::any::Any;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use crate::bindings::exports::sallyport::plugin::{dispatch_hooks, lifecycle};
use crate::{CallContext, Request, RequestOutcome, Response, ResponseOutcome};

/// A plugin of kind `transform`. Its hooks are called for what `hooks` of the descriptor names.
///
/// Several instances run side by side, and any of them may be thrown away: keep in `self` what follows from the
/// configuration, in [`context`](crate::context) what belongs to a request, and in [`kv_store`](crate::kv_store) what
/// outlives it.
pub trait Transform: Sized + Send + Sync + 'static {
    /// The operator's `config`. Derive `serde::Deserialize` with `#[serde(deny_unknown_fields)]`, so that what is
    /// misspelled is refused; `config_schema` of the descriptor refuses it even before.
    type Config: DeserializeOwned;

    /// Called once for each instance, before any hook. An `Err` refuses the configuration: the gateway does not start.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// The hooks `tool_pre_invoke`, `prompt_pre_fetch` and `resource_pre_fetch`.
    fn before(&self, context: &CallContext, request: Request) -> Result<RequestOutcome, String> {
        let _ = (context, request);
        Ok(RequestOutcome::Proceed)
    }

    /// The hooks `tool_post_invoke`, `prompt_post_fetch`, `resource_post_fetch` and those of the lists.
    fn after(&self, context: &CallContext, response: Response) -> Result<ResponseOutcome, String> {
        let _ = (context, response);
        Ok(ResponseOutcome::Proceed)
    }
}

/// The plugin, once it is configured. A component has one.
static PLUGIN: OnceLock<Box<dyn Any + Send + Sync>> = OnceLock::new();

fn plugin<T: Transform>() -> Result<&'static T, String> {
    let plugin = PLUGIN.get().and_then(|plugin| plugin.downcast_ref());
    plugin.ok_or_else(|| "the plugin has not been configured".into())
}

impl<T: Transform> lifecycle::Guest for T {
    fn configure(config: String) -> Result<(), String> {
        // A panic ends the instance without a word, unless it is told before: what, and in which file and line.
        std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string())));
        let config = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        let plugin = <T as Transform>::configure(config)?;
        PLUGIN.set(Box::new(plugin)).map_err(|_| "the plugin has been configured before".into())
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
