//! Lets only upstreams at known origins join, and hides tools by their names.

use sallyport::{
    Federation, FederationContext, JoiningServer, PostSyncOutcome, PreRegisterOutcome, ServerList, Violation,
};
use serde::Deserialize;

/// The operator's configuration.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plugin {
    origins: Vec<String>,
    hidden: String,
}

impl Default for Plugin {
    fn default() -> Self {
        Plugin { origins: vec!["http://localhost".into()], hidden: "debug_".into() }
    }
}

impl Federation for Plugin {
    type Config = Self;

    /// Refuses a configuration with which no upstream could join.
    fn configure(config: Self) -> Result<Self, String> {
        if config.origins.is_empty() {
            return Err("origins must not be empty".into());
        }
        Ok(config)
    }

    fn pre_register(&self, _: &FederationContext, server: &JoiningServer) -> Result<PreRegisterOutcome, String> {
        let is_known = |url: &&String| self.origins.iter().any(|origin| url.starts_with(&format!("{origin}/")));
        Ok(match server.urls.iter().find(|url| !is_known(url)) {
            None => PreRegisterOutcome::Proceed,
            Some(url) => {
                let reason = format!("Upstreams at {url} may not join.");
                PreRegisterOutcome::Block(Violation::new("UNKNOWN_ORIGIN", &reason))
            }
        })
    }

    fn post_sync(&self, _: &FederationContext, received: ServerList) -> Result<PostSyncOutcome, String> {
        let ServerList::Tools(mut tools) = received else { return Ok(PostSyncOutcome::Proceed) };
        let count = tools.len();
        tools.retain(|tool| !tool.name.starts_with(&self.hidden));
        if tools.len() == count {
            return Ok(PostSyncOutcome::Proceed);
        }
        Ok(PostSyncOutcome::Modified(ServerList::Tools(tools)))
    }
}

sallyport::export!(Plugin);
