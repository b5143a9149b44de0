//! The operator's policies and schema.

use std::str::FromStr;

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

/// Reads a schema. An error names line and column.
pub fn schema(text: &str) -> Result<Schema, String> {
    let read = Schema::from_cedarschema_str(text);
    read.map(|(schema, _)| schema).map_err(|error| format!("schema{}: {error}", place(&error, text)))
}

/// Reads policies and validates them, if there is a schema. An error names line and column.
pub fn parse(text: &str, schema: Option<&Schema>) -> Result<PolicySet, String> {
    let policies = PolicySet::from_str(text).map_err(|error| format!("policies{}: {error}", place(&error, text)))?;
    if let Some(template) = policies.templates().next() {
        return Err(format!("policies: {} has a slot, and nothing fills it", template.id()));
    }
    let Some(schema) = schema else {
        return Ok(policies);
    };
    let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
    let errors: Vec<_> =
        result.validation_errors().map(|error| format!("policies{}: {error}", place(error, text))).collect();
    if errors.is_empty() { Ok(policies) } else { Err(errors.join("\n")) }
}

/// Returns ` 3:14` for an error at line 3, column 14; nothing if it has no place.
fn place(error: &dyn Diagnostic, text: &str) -> String {
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let Some(before) = offset.and_then(|offset| text.get(..offset)) else {
        return String::new();
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    format!(" {line}:{column}")
}
