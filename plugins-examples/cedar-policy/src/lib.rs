//! Allows what policies in Cedar permit.

mod arguments;
mod entities;
mod listing;
mod policies;

use cedar_policy::{AuthorizationError, Authorizer, Context, Decision as Effect, Entities, EntityUid, PolicySet, Response};
use listing::Listing;
use sallyport::{Decision, Policy, PolicyContext, Request, Violation, log};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    policies: String,
    schema: Option<String>,
    entities: Option<serde_json::Value>,
    /// The names of the claims that policies see.
    #[serde(default)]
    claims: Vec<String>,
}

struct CedarPolicy {
    policies: PolicySet,
    listing: Listing,
    entities: Entities,
    claims: Vec<String>,
    authorizer: Authorizer,
}

impl Policy for CedarPolicy {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let schema = config.schema.as_deref().map(policies::schema).transpose()?;
        let policies = policies::parse(&config.policies, schema.as_ref())?;
        let listing = Listing::of(&policies)?;
        let entities = entities::parse(config.entities, schema.as_ref())?;
        Ok(CedarPolicy { policies, listing, entities, claims: config.claims, authorizer: Authorizer::new() })
    }

    fn decide(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        let text = match request {
            Request::ToolCall(call) => call.arguments.as_str(),
            Request::PromptGet(get) => get.arguments.as_str(),
            Request::ResourceRead(_) => "{}",
        };
        let arguments = match arguments::parse(text) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(failed(&error)),
        };
        let response = match self.ask(&self.policies, context, &context.method, request, arguments) {
            Ok(response) => response,
            Err(error) => return Ok(failed(&error)),
        };
        // Cedar skips a policy that fails, so a forbid that fails would not forbid.
        if let Some(error) = response.diagnostics().errors().next() {
            return Ok(failed(&error.to_string()));
        }
        Ok(self.decision(&self.policies, &response))
    }

    fn show(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        let method = match request {
            Request::ToolCall(_) => "tools/call",
            Request::PromptGet(_) => "prompts/get",
            Request::ResourceRead(_) => "resources/read",
        };
        let response = match self.ask(&self.listing.policies, context, method, request, Context::empty()) {
            Ok(response) => response,
            Err(error) => return Ok(failed(&error)),
        };
        // A policy that reads arguments may fail here and not in a call.
        let mut errors = response.diagnostics().errors();
        let certain = errors.find(|AuthorizationError::PolicyEvaluationError(error)| {
            !self.listing.changed.contains(error.policy_id())
        });
        if let Some(error) = certain {
            return Ok(failed(&error.to_string()));
        }
        Ok(self.decision(&self.listing.policies, &response))
    }
}

impl CedarPolicy {
    fn ask(
        &self,
        policies: &PolicySet,
        context: &PolicyContext,
        method: &str,
        request: &Request,
        arguments: Context,
    ) -> Result<Response, String> {
        let principal = entities::principal(context, &self.claims, &self.entities)?;
        let resource = entities::resource(&context.upstream, request, &self.entities)?;
        let action = entities::uid("Action", method)?;
        let [who, what]: [EntityUid; 2] = [principal.uid(), resource.uid()];
        let asked = cedar_policy::Request::new(who, action, what, arguments, None).map_err(|error| error.to_string())?;
        let entities = self.entities.clone().upsert_entities([principal, resource], None);
        let entities = entities.map_err(|error| error.to_string())?;
        Ok(self.authorizer.is_authorized(&asked, policies, &entities))
    }

    fn decision(&self, policies: &PolicySet, response: &Response) -> Decision {
        if response.decision() == Effect::Allow {
            return Decision::Allow;
        }
        let mut forbidding = response.diagnostics().reason().filter_map(|id| policies.policy(id)).peekable();
        if forbidding.peek().is_none() {
            return Decision::Deny(Violation::new("CEDAR_NOT_PERMITTED", "No policy permits this request."));
        }
        let named: Vec<_> = forbidding.filter_map(|policy| policy.annotation("id").map(str::to_owned)).collect();
        let violation = Violation::new("CEDAR_FORBIDDEN", "A policy forbids this request.");
        Decision::Deny(violation.with_details([("policies", json!(named))]))
    }
}

/// Denies what cannot be evaluated. It is no failure of the plugin, because a caller can bring it about by its arguments.
fn failed(error: &str) -> Decision {
    log::warn(error);
    Decision::Deny(Violation::new("CEDAR_ERROR", "The policies cannot be evaluated for this request."))
}

sallyport::export!(CedarPolicy);
