//! The control plane as its users call it, on SQLite and PostgreSQL.

mod access;
mod domains;
mod isolation;
mod published;
mod requests;
mod world;
