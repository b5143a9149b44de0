//! The operator's policies, and what they answer.

use std::collections::BTreeMap;

use regorus::{Engine, Rc, Value};

const ALLOW: &str = "data.sallyport.allow";
const DENY: &str = "data.sallyport.deny";

pub struct Policies {
    engine: Engine,
    /// Whether there is a rule `deny`.
    denies: bool,
}

pub struct Answer {
    pub allowed: bool,
    pub denied: bool,
    pub reasons: Vec<String>,
}

impl Policies {
    /// Reads modules and data. An error names file, line and column.
    pub fn new(modules: BTreeMap<String, String>, data: Option<serde_json::Value>) -> Result<Self, String> {
        let mut engine = Engine::new();
        // A builtin that fails would otherwise be undefined, so that a `deny` that fails would not deny.
        engine.set_strict_builtin_errors(true);
        engine.set_gather_prints(true);
        for (name, text) in modules {
            engine.add_policy(name, text).map_err(|error| format!("policies: {error}"))?;
        }
        if let Some(data) = data {
            engine.add_data(Value::from(data)).map_err(|error| format!("data: {error}"))?;
        }
        // Compiling reports what parsing does not, such as a variable that is not bound.
        let packages = engine.get_packages().map_err(|error| format!("policies: {error}"))?;
        if !packages.iter().any(|package| package == "data.sallyport") {
            return Err(format!("policies: expected the package sallyport; found {}", packages.join(", ")));
        }
        let has = |engine: &mut Engine, rule: &str| match engine.compile_with_entrypoint(&Rc::from(rule)) {
            Ok(_) => Ok(true),
            Err(error) if error.to_string().contains("not a valid rule path") => Ok(false),
            Err(error) => Err(format!("policies: {error}")),
        };
        if !has(&mut engine, ALLOW)? {
            return Err("policies: expected a rule allow in the package sallyport".into());
        }
        let denies = has(&mut engine, DENY)?;
        Ok(Policies { engine, denies })
    }

    /// Evaluates the policies for an input.
    pub fn ask(&mut self, input: Value) -> Result<Answer, String> {
        self.engine.set_input(input);
        let reasons = if self.denies { self.value(DENY)? } else { Value::Undefined };
        let denied = match &reasons {
            Value::Undefined | Value::Bool(false) => false,
            Value::Set(reasons) => !reasons.is_empty(),
            Value::Array(reasons) => !reasons.is_empty(),
            Value::Object(reasons) => !reasons.is_empty(),
            _ => true,
        };
        let allowed = !denied && self.value(ALLOW)? == Value::from(true);
        Ok(Answer { allowed, denied, reasons: texts(&reasons) })
    }

    /// Returns what `print` wrote since the last call.
    pub fn printed(&mut self) -> Vec<String> {
        self.engine.take_prints().unwrap_or_default()
    }

    fn value(&mut self, rule: &str) -> Result<Value, String> {
        self.engine.eval_rule(rule.to_owned()).map_err(|error| error.to_string())
    }
}

/// Returns the reasons of a `deny`: strings as they are, other values as JSON.
fn texts(reasons: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_string().map_or_else(|_| value.to_string(), |text| text.to_string());
    match reasons {
        Value::Set(reasons) => reasons.iter().map(text).collect(),
        Value::Array(reasons) => reasons.iter().map(text).collect(),
        Value::Object(_) | Value::String(_) => vec![text(reasons)],
        _ => Vec::new(),
    }
}
