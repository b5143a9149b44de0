//! Replaces e-mail addresses in what tools, prompts and resources return.

mod address;

use std::sync::OnceLock;

use address::Redactor;
use exports::sallyport::plugin::{dispatch_hooks, lifecycle};
use sallyport::plugin::log;
use sallyport::plugin::types::{
    CallContext, Content, Request, RequestOutcome, Response, ResponseOutcome,
};
use serde_json::Value;

// The build writes the world of plugin.json there: log and context, and what the descriptor asks for.
wit_bindgen::generate!({ path: "target/wit", world: "plugin" });

struct Plugin;
export!(Plugin);

static REPLACEMENT: OnceLock<String> = OnceLock::new();

impl lifecycle::Guest for Plugin {
    /// Once for each instance. An `Err` refuses the configuration, and the gateway does not start.
    fn configure(config: String) -> Result<(), String> {
        let config: Value = serde_json::from_str(&config).map_err(|error| error.to_string())?;
        let replacement = match config.get("replacement") {
            None => "[redacted]",
            Some(Value::String(text)) => text,
            Some(_) => return Err("replacement must be a string".into()),
        };
        REPLACEMENT.get_or_init(|| replacement.into());
        Ok(())
    }
}

impl dispatch_hooks::Guest for Plugin {
    fn before_dispatch(_: CallContext, _: Request) -> Result<RequestOutcome, String> {
        Ok(RequestOutcome::Proceed)
    }

    fn after_dispatch(_: CallContext, mut response: Response) -> Result<ResponseOutcome, String> {
        let mut redactor = Redactor::new(REPLACEMENT.get().map_or("", String::as_str));
        redact(&mut redactor, &mut response)?;
        if redactor.count == 0 {
            return Ok(ResponseOutcome::Proceed);
        }
        log::write(log::Level::Debug, &format!("redacted {}", redactor.count));
        Ok(ResponseOutcome::Modified(response))
    }
}

fn redact(redactor: &mut Redactor, response: &mut Response) -> Result<(), String> {
    match response {
        Response::ToolResult(result) => {
            for content in &mut result.content {
                block(redactor, content)?;
            }
            match &mut result.structured_content {
                Some(text) => json(redactor, text),
                None => Ok(()),
            }
        }
        Response::PromptResult(result) => {
            if let Some(description) = &mut result.description {
                redactor.text(description);
            }
            let mut messages = result.messages.iter_mut();
            messages.try_for_each(|message| block(redactor, &mut message.content))
        }
        Response::ResourceResult(result) => {
            let mut contents = result.contents.iter_mut();
            contents.try_for_each(|entry| block(redactor, &mut entry.content))
        }
        _ => Ok(()),
    }
}

/// Blobs and blocks that this plugin is not shown stay as they are.
fn block(redactor: &mut Redactor, content: &mut Content) -> Result<(), String> {
    match content {
        Content::Text(text) => redactor.text(text),
        Content::Json(text) => json(redactor, text)?,
        Content::Blob(_) | Content::Opaque(_) => {}
    }
    Ok(())
}

/// Strings are redacted wherever they stand; names of members are not, because a schema may need them.
fn json(redactor: &mut Redactor, text: &mut String) -> Result<(), String> {
    let before = redactor.count;
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    strings(redactor, &mut value);
    if redactor.count != before {
        *text = value.to_string();
    }
    Ok(())
}

fn strings(redactor: &mut Redactor, value: &mut Value) {
    match value {
        Value::String(text) => redactor.text(text),
        Value::Array(entries) => entries.iter_mut().for_each(|each| strings(redactor, each)),
        Value::Object(members) => members.values_mut().for_each(|each| strings(redactor, each)),
        _ => {}
    }
}
