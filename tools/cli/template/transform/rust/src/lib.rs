//! Replaces a word in the text of tool results.

use sallyport::{CallContext, Response, ResponseOutcome, Transform, log};
use serde::Deserialize;

/// The operator's configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plugin {
    word: String,
    replacement: String,
}

impl Default for Plugin {
    fn default() -> Self {
        Plugin { word: "password".into(), replacement: "[hidden]".into() }
    }
}

impl Transform for Plugin {
    type Config = Self;

    /// Refuses a configuration that would do nothing.
    fn configure(config: Self) -> Result<Self, String> {
        if config.word.is_empty() {
            return Err("word must not be empty".into());
        }
        Ok(config)
    }

    /// Called for each hook in plugin.json that runs after the upstream's answer.
    fn after(&self, _: &CallContext, mut response: Response) -> Result<ResponseOutcome, String> {
        let changed = response.replace_text(|text| {
            text.contains(&self.word).then(|| text.replace(&self.word, &self.replacement))
        })?;
        if changed == 0 {
            return Ok(ResponseOutcome::Proceed);
        }
        log::debug("replaced");
        Ok(ResponseOutcome::Modified(response))
    }
}

sallyport::export!(Plugin);
