
pub mod cli;
pub mod config;
pub mod playground;
pub mod record;
pub mod sanitize;
pub mod source;
pub mod sync;
pub mod walk;
