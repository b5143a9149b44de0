//! Limits how often each caller may call each tool within a sliding window, and says when to retry.

mod window;

use sallyport::{CallContext, Request, RequestOutcome, Transform, Violation, clock, kv_store};
use serde::Deserialize;
use serde_json::json;
use window::Window;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    /// The number of calls within a window.
    limit: u32,
    window_seconds: u32,
    /// Whether tools are counted separately.
    #[serde(default = "yes")]
    per_tool: bool,
}

fn yes() -> bool {
    true
}

impl Transform for RateLimit {
    type Config = Self;

    fn configure(config: Self) -> Result<Self, String> {
        if config.limit == 0 || config.window_seconds == 0 {
            return Err("limit and window_seconds must be at least 1".into());
        }
        Ok(config)
    }

    /// Counts the call before it checks the limit, so that two concurrent calls cannot both take the last place. A blocked
    /// call is subtracted again.
    fn before(&self, context: &CallContext, request: Request) -> Result<RequestOutcome, String> {
        let Request::ToolCall(call) = request else {
            return Ok(RequestOutcome::Proceed);
        };
        let window = Window { limit: self.limit.into(), length_ms: u64::from(self.window_seconds) * 1_000 };
        let (number, passed_ms) = window.at(clock::now_ms());
        let whom = whom(context, if self.per_tool { &call.name } else { "*" });
        let key = format!("{number}:{whom}");
        let current = kv_store::increment(&key, 1, Some(2 * window.length_ms)).map_err(|error| error.to_string())?;
        let before = count(&format!("{}:{whom}", number.wrapping_sub(1)))?;
        let current = u64::try_from(current).unwrap_or(0);
        if window.allows(before, current, passed_ms) {
            return Ok(RequestOutcome::Proceed);
        }
        kv_store::increment(&key, -1, Some(2 * window.length_ms)).map_err(|error| error.to_string())?;
        let seconds = window.wait_ms(before, current, passed_ms).div_ceil(1_000).max(1);
        Ok(RequestOutcome::Block(
            Violation::new("RATE_LIMITED", format!("There were {} calls already.", self.limit))
                .with_description(format!("Call again in {seconds} s."))
                .with_details([
                    ("Retry-After", json!(seconds)),
                    ("limit", json!(self.limit)),
                    ("window_seconds", json!(self.window_seconds)),
                ]),
        ))
    }
}

/// Returns the key for a caller and a tool. Each name is prefixed with its length, so that no two pairs share a key; the
/// store itself separates tenants.
fn whom(context: &CallContext, tool: &str) -> String {
    match &context.subject {
        Some(subject) => format!("{}:{tool}:{subject}", tool.len()),
        // All unauthenticated callers share one count.
        None => format!("{}:{tool}", tool.len()),
    }
}

fn count(key: &str) -> Result<u64, String> {
    let Some(value) = kv_store::get(key).map_err(|error| error.to_string())? else {
        return Ok(0);
    };
    let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("{key} holds no number"))
}

sallyport::export!(RateLimit);
