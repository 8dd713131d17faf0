//! The Thrift face over a real database: what clients see.
#![allow(clippy::unwrap_used)]

mod compactions;
mod constraints;
mod data_connectors;
mod databases;
mod events;
mod functions;
mod http;
mod ischemas;
mod kryo;
mod locks;
mod measurements;
mod partitions;
mod privileges;
mod programs;
mod properties;
mod resource_plans;
mod roles;
mod sasl;
mod scheduled_queries;
mod session;
mod statistics;
mod strangers;
mod support;
mod tables;
mod tokens;
mod transactions;
mod wire;
