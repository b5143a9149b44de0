//! Allows what policies in Rego allow.

mod arguments;
mod input;
mod policies;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use policies::Policies;
use regorus::Value;
use sallyport::{Decision, Policy, PolicyContext, Request, Violation, log};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    policies: Modules,
    data: Option<serde_json::Value>,
    /// The names of the claims that policies see.
    #[serde(default)]
    claims: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Modules {
    One(String),
    ByName(BTreeMap<String, String>),
}

struct RegoPolicy {
    // Evaluation keeps its state in the engine.
    policies: Mutex<Policies>,
    claims: Vec<String>,
}

impl Policy for RegoPolicy {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let modules = match config.policies {
            Modules::One(text) => BTreeMap::from([("policies.rego".to_owned(), text)]),
            Modules::ByName(modules) => modules,
        };
        let policies = Policies::new(modules, config.data)?;
        Ok(RegoPolicy { policies: Mutex::new(policies), claims: config.claims })
    }

    fn decide(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        let arguments = match request {
            Request::ToolCall(call) => Some(arguments::parse(&call.arguments)),
            Request::PromptGet(get) => Some(arguments::parse(&get.arguments)),
            Request::ResourceRead(_) => None,
        };
        match arguments.transpose() {
            Ok(arguments) => Ok(self.ask(input::of(context, request, &self.claims, input::Purpose::Call { arguments }))),
            Err(error) => Ok(failed(&error)),
        }
    }

    fn show(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        Ok(self.ask(input::of(context, request, &self.claims, input::Purpose::List)))
    }
}

impl RegoPolicy {
    fn ask(&self, input: Result<Value, String>) -> Decision {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = input.and_then(|input| policies.ask(input));
        for line in policies.printed() {
            log::info(&line);
        }
        match answer {
            Err(error) => failed(&error),
            Ok(answer) if answer.denied => {
                let violation = Violation::new("REGO_DENIED", "A policy denies this request.");
                Decision::Deny(violation.with_details([("reasons", json!(answer.reasons))]))
            }
            Ok(answer) if answer.allowed => Decision::Allow,
            Ok(_) => Decision::Deny(Violation::new("REGO_NOT_ALLOWED", "No policy allows this request.")),
        }
    }
}

/// Denies what cannot be evaluated. It is no failure of the plugin, because a caller can bring it about by its arguments.
fn failed(error: &str) -> Decision {
    log::warn(error);
    Decision::Deny(Violation::new("REGO_ERROR", "The policies cannot be evaluated for this request."))
}

sallyport::export!(RegoPolicy);
