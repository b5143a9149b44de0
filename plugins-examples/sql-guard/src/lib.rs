//! Blocks SQL statements of kinds that are not allowed.

mod arguments;
mod kinds;
mod lexer;

use std::collections::{BTreeMap, BTreeSet};

use arguments::Arguments;
use lexer::Dialect;
use sallyport::{CallContext, Request, RequestOutcome, Transform, Violation};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlGuard {
    dialect: Dialect,
    /// Tool names, `*` for any text, and those of their arguments that are SQL.
    tools: BTreeMap<String, Vec<String>>,
    #[serde(default = "reading")]
    allow: BTreeSet<String>,
    /// The number of statements allowed in one argument.
    #[serde(default = "one")]
    statements: usize,
}

fn reading() -> BTreeSet<String> {
    ["select", "values", "table", "show", "describe", "desc", "explain"].map(String::from).into()
}

fn one() -> usize {
    1
}

impl Transform for SqlGuard {
    type Config = Self;

    fn configure(config: Self) -> Result<Self, String> {
        Ok(config)
    }

    fn before(&self, _: &CallContext, request: Request) -> Result<RequestOutcome, String> {
        let Request::ToolCall(call) = request else {
            return Ok(RequestOutcome::Proceed);
        };
        let mut names = BTreeSet::new();
        for (pattern, arguments) in &self.tools {
            if sallyport::matches(pattern, &call.name) {
                names.extend(arguments);
            }
        }
        if names.is_empty() {
            return Ok(RequestOutcome::Proceed);
        }
        let arguments: Arguments = serde_json::from_str(&call.arguments).map_err(|error| error.to_string())?;
        for (name, value) in &arguments.0 {
            if names.contains(name) {
                if let Err(violation) = self.check_value(name, value) {
                    return Ok(RequestOutcome::Block(violation));
                }
            }
        }
        Ok(RequestOutcome::Proceed)
    }
}

impl SqlGuard {
    fn check_value(&self, name: &str, value: &Value) -> Result<(), Violation> {
        match value {
            Value::Null => Ok(()),
            Value::String(sql) => self.check(name, sql),
            Value::Array(entries) => entries.iter().try_for_each(|entry| self.check_value(name, entry)),
            _ => Err(unreadable(name, "it is not a string")),
        }
    }

    fn check(&self, name: &str, sql: &str) -> Result<(), Violation> {
        let tokens = lexer::tokens(sql, self.dialect).map_err(|what| unreadable(name, what))?;
        let statements = kinds::of(&tokens, self.dialect);
        if statements.len() > self.statements {
            return Err(Violation::new("SQL_TOO_MANY_STATEMENTS", "The SQL has more statements than are allowed.")
                .with_details([
                    ("argument", json!(name)),
                    ("statements", json!(statements.len())),
                    ("allowed", json!(self.statements)),
                ]));
        }
        let denied = statements.iter().flatten().find(|kind| !self.allow.contains(*kind));
        denied.map_or(Ok(()), |kind| {
            Err(Violation::new("SQL_KIND_DENIED", format!("SQL statements of the kind {kind} are not allowed."))
                .with_description(format!("Allowed are: {}.", self.allow.iter().cloned().collect::<Vec<_>>().join(", ")))
                .with_details([("argument", json!(name)), ("kind", json!(kind))]))
        })
    }
}

fn unreadable(name: &str, what: &str) -> Violation {
    Violation::new("SQL_UNREADABLE", format!("The SQL cannot be read: {what}."))
        .with_details([("argument", json!(name))])
}

sallyport::export!(SqlGuard);
