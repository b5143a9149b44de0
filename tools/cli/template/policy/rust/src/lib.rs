//! Requires a scope for tools whose names begin with a prefix.

use sallyport::{Decision, Policy, PolicyContext, Request, Violation};
use serde::Deserialize;

/// The operator's configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plugin {
    prefix: String,
    scope: String,
}

impl Default for Plugin {
    fn default() -> Self {
        Plugin { prefix: "delete_".into(), scope: "admin".into() }
    }
}

impl Policy for Plugin {
    type Config = Self;

    /// Refuses a configuration that no caller could satisfy.
    fn configure(config: Self) -> Result<Self, String> {
        if config.scope.is_empty() {
            return Err("scope must not be empty".into());
        }
        Ok(config)
    }

    /// Called right before a request is sent, and for each entry of a list.
    fn decide(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        let needs_scope = matches!(request, Request::ToolCall(call) if call.name.starts_with(&self.prefix));
        if !needs_scope || context.scopes.contains(&self.scope) {
            return Ok(Decision::Allow);
        }
        Ok(Decision::Deny(Violation::new("SCOPE_REQUIRED", format!("The scope {} is required.", self.scope))))
    }
}

sallyport::export!(Plugin);
