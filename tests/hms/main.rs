//! The Thrift face over a real database: what clients see.
#![allow(clippy::unwrap_used)]

mod databases;
mod functions;
mod privileges;
mod roles;
mod support;
mod tables;
mod wire;
