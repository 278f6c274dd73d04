//! Checks the source tree: the imports between rooms, and the types of other crates in the public API.

mod floors;
mod foreign_types;
