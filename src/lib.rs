//! One data catalog for a whole data platform. See ARCHITECTURE.md for the rooms and the way of a request.

pub mod auth;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod data_schema;
pub mod error;
pub mod filter;
pub mod glue;
pub mod hms;
pub mod http;
pub mod model;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod warehouse;
