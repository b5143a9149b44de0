//! Writes lines to the gateway's log, under the plugin's id. Their number and length are limited; the rest is dropped and
//! counted.

use crate::bindings::sallyport::plugin::log;
pub use log::Level;

/// Writes a line at the given level.
pub fn write(level: Level, message: impl AsRef<str>) {
    if cfg!(target_family = "wasm") {
        log::write(level, message.as_ref());
    } else {
        eprintln!("{level:?}: {}", message.as_ref());
    }
}

pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message);
}

pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message);
}

pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message);
}

pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message);
}
