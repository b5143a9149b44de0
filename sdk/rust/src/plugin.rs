use std::any::Any;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

/// The configured plugin. Each instance has one.
static PLUGIN: OnceLock<Box<dyn Any + Send + Sync>> = OnceLock::new();

/// Returns the configured plugin.
pub fn plugin<T: 'static>() -> Result<&'static T, String> {
    let plugin = PLUGIN.get().and_then(|plugin| plugin.downcast_ref());
    plugin.ok_or_else(|| "the plugin has not been configured".into())
}

/// Reads the operator's configuration and keeps the plugin that `configure` returns.
pub fn start<C: DeserializeOwned, T: Send + Sync + 'static>(
    config: &str,
    configure: impl FnOnce(C) -> Result<T, String>,
) -> Result<(), String> {
    // A panic ends the instance without a message, so the hook logs it first, with file and line.
    std::panic::set_hook(Box::new(|panic| crate::log::error(&panic.to_string())));
    let config = serde_json::from_str(config).map_err(|error| error.to_string())?;
    PLUGIN.set(Box::new(configure(config)?)).map_err(|_| "the plugin is already configured".into())
}
