//! The repository itself: its rooms, and the types of other crates in its public API.

mod floors;
mod foreign_types;
