//! Policies for lists, where arguments are not known yet.

use std::collections::HashSet;

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};
use serde_json::{Map, Value, json};

/// Policies that permit whatever the given ones permit with some arguments, and read no arguments: in a permit, what depends
/// on them counts as true, in a forbid as false. Where no policy reads arguments they are the same.
pub struct Listing {
    pub policies: PolicySet,
    /// The policies that read arguments, and so differ.
    pub changed: HashSet<PolicyId>,
}

impl Listing {
    pub fn of(policies: &PolicySet) -> Result<Self, String> {
        let mut changed = HashSet::new();
        let mut all = Vec::new();
        for policy in policies.policies() {
            let mut source = policy.to_json().map_err(|error| error.to_string())?;
            if !reads_arguments(&source) {
                all.push(policy.clone());
                continue;
            }
            let permits = policy.effect() == Effect::Permit;
            for condition in source["conditions"].as_array_mut().into_iter().flatten() {
                // The condition of an `unless` counts negated.
                let bound = permits != (condition["kind"] == "unless");
                condition["body"] = bounded(&condition["body"], bound);
            }
            let id = policy.id().clone();
            changed.insert(id.clone());
            all.push(Policy::from_json(Some(id), source).map_err(|error| error.to_string())?);
        }
        let policies = PolicySet::from_policies(all).map_err(|error| error.to_string())?;
        Ok(Listing { policies, changed })
    }
}

/// Returns an expression without arguments that is true whenever the given one can be (`bound` is true), or false whenever
/// it can be (`bound` is false). Expressions are in the JSON format of Cedar.
fn bounded(expression: &Value, bound: bool) -> Value {
    if !reads_arguments(expression) {
        return expression.clone();
    }
    let of = |part: &Value| bounded(part, bound);
    match only_member(expression) {
        Some((operator @ ("&&" | "||"), parts)) => json!({ operator: { "left": of(&parts["left"]), "right": of(&parts["right"]) } }),
        Some(("!", parts)) => json!({ "!": { "arg": bounded(&parts["arg"], !bound) } }),
        Some(("if-then-else", parts)) if !reads_arguments(&parts["if"]) => {
            json!({ "if-then-else": { "if": parts["if"], "then": of(&parts["then"]), "else": of(&parts["else"]) } })
        }
        _ => json!({ "Value": bound }),
    }
}

fn only_member(expression: &Value) -> Option<(&str, &Value)> {
    let members: &Map<String, Value> = expression.as_object()?;
    let (name, value) = members.iter().next()?;
    (members.len() == 1).then_some((name.as_str(), value))
}

fn reads_arguments(expression: &Value) -> bool {
    match expression {
        Value::Object(members) => {
            members.get("Var").is_some_and(|name| name == "context") || members.values().any(reads_arguments)
        }
        Value::Array(entries) => entries.iter().any(reads_arguments),
        _ => false,
    }
}
