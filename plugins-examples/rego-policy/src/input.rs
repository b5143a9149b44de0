//! The document `input`.

use regorus::Value;
use sallyport::{PolicyContext, Request, identity_claims};
use serde_json::{Map, json};

/// What is decided about.
pub enum Purpose {
    /// A request that is about to be sent. Only resources have no arguments.
    Call { arguments: Option<serde_json::Value> },
    /// An entry of a list, whose arguments are not known.
    List,
}

/// Describes the caller and the request. What is not known is absent.
pub fn of(context: &PolicyContext, request: &Request, claims: &[String], purpose: Purpose) -> Result<Value, String> {
    let (method, target, id) = match request {
        Request::ToolCall(call) => ("tools/call", "tool", &call.name),
        Request::PromptGet(get) => ("prompts/get", "prompt", &get.name),
        Request::ResourceRead(read) => ("resources/read", "resource", &read.uri),
    };
    let mut known_claims = Map::new();
    for name in claims {
        if let Some(value) = identity_claims::get(name) {
            let value = serde_json::from_str(&value).map_err(|error| format!("claim {name}: {error}"))?;
            known_claims.insert(name.clone(), value);
        }
    }
    let mut input = Map::from_iter([
        ("binding".to_owned(), json!(context.binding)),
        ("upstream".to_owned(), json!(context.upstream)),
        ("scopes".to_owned(), json!(context.scopes)),
        ("claims".to_owned(), known_claims.into()),
        ("list".to_owned(), json!(matches!(purpose, Purpose::List))),
        (target.to_owned(), json!(id)),
    ]);
    // A call may be one of several methods, such as subscribing to a resource.
    let method = if matches!(purpose, Purpose::List) { method } else { &context.method };
    input.insert("method".to_owned(), json!(method));
    for (name, value) in [("subject", &context.subject), ("tenant", &context.tenant)] {
        input.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
    }
    if let Purpose::Call { arguments: Some(arguments) } = purpose {
        input.insert("arguments".to_owned(), arguments);
    }
    Ok(Value::from(serde_json::Value::Object(input)))
}
