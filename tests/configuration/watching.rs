//! What changes on disk is in force within a second, told of by the file system or not; what is broken
//! changes nothing and is said once.
//!
//! Each test runs both ways at once, with notifications and by looking at intervals. How long a change took
//! is printed (`--nocapture`) and not asserted: a busy machine is no broken promise.

mod config;
mod folder;
mod links;
mod many;
mod stand;
