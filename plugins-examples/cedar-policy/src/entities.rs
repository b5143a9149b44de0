//! Who asks, and for what, as entities of Cedar.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};
use sallyport::{PolicyContext, Request, identity_claims};

use crate::arguments;

type Attributes = HashMap<String, RestrictedExpression>;

/// Reads the operator's entities.
pub fn parse(json: Option<serde_json::Value>, schema: Option<&Schema>) -> Result<Entities, String> {
    let json = json.unwrap_or_else(|| serde_json::Value::Array(Vec::new()));
    Entities::from_json_value(json, schema).map_err(|error| format!("entities: {}", chain(&error)))
}

pub fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    let kind = EntityTypeName::from_str(kind).map_err(|error| error.to_string())?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

/// Returns the caller: a `User` within its `Tenant`, or `Anonymous::"anonymous"`. Attributes and parents that the operator
/// gave that entity are kept, but what the gateway knows of the caller prevails.
pub fn principal(context: &PolicyContext, claims: &[String], known: &Entities) -> Result<Entity, String> {
    let id = match &context.subject {
        Some(subject) => uid("User", subject)?,
        None => uid("Anonymous", "anonymous")?,
    };
    let text = |text: &String| RestrictedExpression::new_string(text.clone());
    let scopes = RestrictedExpression::new_set(context.scopes.iter().map(text));
    let mut attributes = Attributes::from([("scopes".to_owned(), scopes)]);
    for (name, value) in [("subject", &context.subject), ("tenant", &context.tenant)] {
        attributes.extend(value.as_ref().map(|value| (name.to_owned(), text(value))));
    }
    let mut known_claims = Vec::new();
    for name in claims {
        let value = identity_claims::get(name).as_deref().map(arguments::value).transpose()?.flatten();
        known_claims.extend(value.map(|value| (name.clone(), value)));
    }
    let claims = RestrictedExpression::new_record(known_claims).map_err(|error| error.to_string())?;
    attributes.insert("claims".to_owned(), claims);
    let parents = context.tenant.iter().map(|tenant| uid("Tenant", tenant)).collect::<Result<_, _>>()?;
    merged(id, attributes, ["subject", "tenant"], parents, known)
}

/// Returns the target: a `Tool`, `Prompt` or `Resource` within its `Upstream`.
pub fn resource(upstream: &str, request: &Request, known: &Entities) -> Result<Entity, String> {
    let (kind, attribute, id) = match request {
        Request::ToolCall(call) => ("Tool", "name", &call.name),
        Request::PromptGet(get) => ("Prompt", "name", &get.name),
        Request::ResourceRead(read) => ("Resource", "uri", &read.uri),
    };
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let attributes = [(attribute.to_owned(), text(id)), ("upstream".to_owned(), text(upstream))];
    merged(uid(kind, id)?, attributes.into(), [], [uid("Upstream", upstream)?].into(), known)
}

/// Adds attributes and parents to those of a known entity. Of the `own` attributes none of the known entity's stay.
fn merged<const N: usize>(
    id: EntityUid,
    attributes: Attributes,
    own: [&str; N],
    parents: HashSet<EntityUid>,
    known: &Entities,
) -> Result<Entity, String> {
    let (mut all, mut above) = match known.get(&id) {
        Some(entity) => {
            let (_, attributes, parents) = entity.clone().into_inner();
            (attributes, parents)
        }
        None => Default::default(),
    };
    all.retain(|name, _| !own.contains(&name.as_str()));
    all.extend(attributes);
    above.extend(parents);
    Entity::new(id, all, above).map_err(|error| error.to_string())
}

/// Returns the message of an error with those of its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
