//! Replaces e-mail addresses in what tools, prompts and resources return.

mod address;

use sallyport::{CallContext, Response, ResponseOutcome, Transform, log};
use serde::Deserialize;

#[derive(Deserialize)]
struct RedactEmails {
    #[serde(default = "redacted")]
    replacement: String,
}

fn redacted() -> String {
    "[redacted]".into()
}

impl Transform for RedactEmails {
    type Config = Self;

    fn configure(config: Self) -> Result<Self, String> {
        Ok(config)
    }

    fn after(&self, _: &CallContext, mut response: Response) -> Result<ResponseOutcome, String> {
        if matches!(response, Response::ToolList(_) | Response::PromptList(_) | Response::ResourceList(_)) {
            return Ok(ResponseOutcome::Proceed);
        }
        let mut count = 0;
        response.replace_text(|text| address::replace(text, &self.replacement, &mut count))?;
        if count == 0 {
            return Ok(ResponseOutcome::Proceed);
        }
        log::debug(format!("redacted {count}"));
        Ok(ResponseOutcome::Modified(response))
    }
}

sallyport::export!(RedactEmails);
