//! The Thrift face over a real database: what clients see.
#![allow(clippy::unwrap_used)]

mod databases;
mod events;
mod functions;
mod locks;
mod partitions;
mod privileges;
mod roles;
mod session;
mod statistics;
mod support;
mod tables;
mod wire;
