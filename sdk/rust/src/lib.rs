//! The SDK for Sallyport plugins in Rust.
//!
//! A plugin is a type that implements [`Transform`], and one line that exports it:
//!
//! ```
//! use sallyport::{CallContext, Request, RequestOutcome, Transform, Violation};
//!
//! #[derive(serde::Deserialize)]
//! struct Config {
//!     word: String,
//! }
//!
//! struct NoWord(Config);
//!
//! impl Transform for NoWord {
//!     type Config = Config;
//!
//!     fn configure(config: Config) -> Result<Self, String> {
//!         Ok(NoWord(config))
//!     }
//!
//!     fn before(&self, _: &CallContext, mut request: Request) -> Result<RequestOutcome, String> {
//!         let mut found = false;
//!         request.replace_text(|text| {
//!             found |= text.contains(&self.0.word);
//!             None
//!         })?;
//!         if found {
//!             return Ok(RequestOutcome::Block(Violation::new("WORD_FOUND", "The word is not allowed.")));
//!         }
//!         Ok(RequestOutcome::Proceed)
//!     }
//! }
//!
//! sallyport::export!(NoWord);
//! # fn main() {}
//! ```
//!
//! [`export!`] is wit-bindgen's: it generates the functions that the gateway calls, each of which calls the type's own. It
//! does nothing else.
//!
//! A policy is a type that implements `Policy`, in a crate that depends on `sallyport` with `default-features = false` and
//! `features = ["policy"]`; an identity plugin implements `Identity`, with `features = ["identity"]`, and a federation plugin
//! `Federation`, with `features = ["federation"]`.
//!
//! - [`Request::replace_text`] and [`Response::replace_text`] replace text anywhere in a request or response.
//! - [`Violation`] says why a request is blocked.
//! - [`log`] writes lines to the gateway's log. The modules [`context`], [`clock`], [`kv_store`] and so on, one per
//!   capability, are the host's functions of the contract; all but `log` and `context` must be named in the descriptor. A
//!   component imports only what its code calls.
//!
//! An `Err` of a hook is a failure. The operator's `on_error` decides what follows; by default the request is denied. The
//! same goes for a panic, which is logged with its file and line; the instance is then discarded. On targets other than
//! WebAssembly, as in `cargo test`, log lines go to stderr, and the other functions of the host panic.

/// The code that wit-bindgen generates from the contract in `wit/`.
#[cfg(not(any(feature = "policy", feature = "identity", feature = "federation")))]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "transform",
        pub_export_macro: true,
        default_bindings_module: "sallyport::bindings",
        additional_derives: [PartialEq],
    });
}

/// The code that wit-bindgen generates from the contract in `wit/`, for a policy.
#[cfg(feature = "policy")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "policy",
        pub_export_macro: true,
        default_bindings_module: "sallyport::bindings",
        additional_derives: [PartialEq],
    });
}

/// The code that wit-bindgen generates from the contract in `wit/`, for an identity plugin.
#[cfg(feature = "identity")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "identity",
        pub_export_macro: true,
        default_bindings_module: "sallyport::bindings",
        additional_derives: [PartialEq],
    });
}

/// The code that wit-bindgen generates from the contract in `wit/`, for a federation plugin.
#[cfg(feature = "federation")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "federation",
        pub_export_macro: true,
        default_bindings_module: "sallyport::bindings",
        additional_derives: [PartialEq],
    });
}

#[cfg(all(feature = "policy", feature = "transform"))]
compile_error!("a plugin is of one kind: a policy needs `default-features = false` beside `features = [\"policy\"]`");
#[cfg(all(feature = "identity", any(feature = "transform", feature = "policy")))]
compile_error!("a plugin is of one kind: it needs `default-features = false` beside `features = [\"identity\"]`");

#[cfg(all(feature = "federation", any(feature = "transform", feature = "policy", feature = "identity")))]
compile_error!("a plugin is of one kind: it needs `default-features = false` beside `features = [\"federation\"]`");

#[cfg(feature = "federation")]
mod federation;
mod glob;
#[cfg(feature = "identity")]
mod identity;
pub mod json;
pub mod log;
#[cfg(feature = "policy")]
mod policy;
mod plugin;
mod text;
#[cfg(not(any(feature = "policy", feature = "identity", feature = "federation")))]
mod transform;
mod violation;

pub use bindings::export;
pub use bindings::sallyport::plugin::types::*;
pub use bindings::sallyport::plugin::*;
pub use glob::matches;
#[cfg(feature = "federation")]
pub use federation::Federation;
#[cfg(feature = "identity")]
pub use identity::Identity;
#[cfg(feature = "policy")]
pub use policy::Policy;
#[cfg(not(any(feature = "policy", feature = "identity", feature = "federation")))]
pub use transform::Transform;
