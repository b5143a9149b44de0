//! Removes fields by JSON path: from arguments, from results, and from tool lists.

mod path;

use path::Path;
use sallyport::{
    CallContext, Content, Request, RequestOutcome, Response, ResponseOutcome, Tool, Transform, context, log,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StripFields {
    /// Tool names, `*` for any text.
    #[serde(default = "all")]
    tools: Vec<String>,
    #[serde(default)]
    arguments: Vec<Path>,
    #[serde(default)]
    results: Vec<Path>,
    #[serde(default)]
    lists: Vec<Path>,
    /// Whether text that is JSON counts as a result too.
    #[serde(default = "yes")]
    text: bool,
}

fn all() -> Vec<String> {
    vec!["*".into()]
}

fn yes() -> bool {
    true
}

/// The name of the value with which the before hook marks a call of a matching tool.
const MEANT: &str = "meant";

impl Transform for StripFields {
    type Config = Self;

    fn configure(config: Self) -> Result<Self, String> {
        Ok(config)
    }

    fn before(&self, _: &CallContext, request: Request) -> Result<RequestOutcome, String> {
        let Request::ToolCall(mut call) = request else {
            return Ok(RequestOutcome::Proceed);
        };
        if !self.means(&call.name) {
            return Ok(RequestOutcome::Proceed);
        }
        if !self.means_all() {
            context::set(MEANT, "yes");
        }
        let removed = strip(&mut call.arguments, &self.arguments)?;
        Ok(if tell(removed) { RequestOutcome::Modified(Request::ToolCall(call)) } else { RequestOutcome::Proceed })
    }

    fn after(&self, _: &CallContext, mut response: Response) -> Result<ResponseOutcome, String> {
        let mut removed = 0;
        match &mut response {
            Response::ToolResult(result) if self.means_all() || context::get(MEANT).is_some() => {
                for content in &mut result.content {
                    removed += self.content(content)?;
                }
                if let Some(structured) = &mut result.structured_content {
                    removed += strip(structured, &self.results)?;
                }
            }
            Response::ToolList(tools) => {
                for tool in tools.iter_mut().filter(|tool| self.means(&tool.name)) {
                    removed += self.tool(tool)?;
                }
            }
            _ => {}
        }
        Ok(if tell(removed) { ResponseOutcome::Modified(response) } else { ResponseOutcome::Proceed })
    }
}

impl StripFields {
    /// Whether all tools match, so that the after hook needs no mark to know that this one did.
    fn means_all(&self) -> bool {
        self.tools.iter().any(|pattern| pattern == "*")
    }

    fn means(&self, tool: &str) -> bool {
        self.tools.iter().any(|pattern| sallyport::matches(pattern, tool))
    }

    fn content(&self, content: &mut Content) -> Result<usize, String> {
        match content {
            Content::Json(text) => strip(text, &self.results),
            // Text that only looks like JSON is not changed.
            Content::Text(text) if self.text && text.trim_start().starts_with(['{', '[']) => {
                Ok(strip(text, &self.results).unwrap_or(0))
            }
            _ => Ok(0),
        }
    }

    /// Paths are relative to the tool as MCP lists it: `$.inputSchema.properties.debug`, `$.annotations`.
    fn tool(&self, tool: &mut Tool) -> Result<usize, String> {
        let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        let parts = [
            ("title", tool.title.clone().map(Value::String)),
            ("description", tool.description.clone().map(Value::String)),
            ("inputSchema", Some(parse(&tool.input_schema)?)),
            ("outputSchema", tool.output_schema.as_deref().map(parse).transpose()?),
            ("annotations", tool.annotations.as_deref().map(parse).transpose()?),
        ];
        let present = parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut whole = Value::Object(present.collect());
        let removed = remove(&mut whole, &self.lists);
        if removed > 0 {
            let text = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
            let json = |name: &str| whole.get(name).map(Value::to_string);
            tool.title = text("title");
            tool.description = text("description");
            // A tool must have an input schema: a removed one becomes a schema without parameters.
            tool.input_schema = json("inputSchema").unwrap_or_else(|| json!({ "type": "object" }).to_string());
            tool.output_schema = json("outputSchema");
            tool.annotations = json("annotations");
        }
        Ok(removed)
    }
}

/// Removes fields from a JSON text and returns their number. If there are none, the text stays byte for byte.
fn strip(text: &mut String, paths: &[Path]) -> Result<usize, String> {
    // Most texts have none of the names, which costs less to find out than to parse them.
    if !paths.iter().any(|path| path.may_be_in(text)) {
        return Ok(0);
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let removed = remove(&mut value, paths);
    if removed > 0 {
        *text = value.to_string();
    }
    Ok(removed)
}

fn remove(value: &mut Value, paths: &[Path]) -> usize {
    paths.iter().map(|path| path.remove(value)).sum()
}

fn tell(removed: usize) -> bool {
    if removed > 0 {
        log::debug(format!("removed {removed}"));
    }
    removed > 0
}

sallyport::export!(StripFields);
