//! The Glue face over a real database: what clients see.
#![allow(clippy::unwrap_used)]

mod auth;
mod catalogs;
mod classifiers;
mod connections;
mod crawlers;
mod definitions;
mod policies;
mod databases;
mod expressions;
mod functions;
mod one_world;
mod table_versions;
mod tables;
#[allow(dead_code)]
#[path = "../hms/support.rs"]
mod hms;
mod partitions;
mod statistics;
mod search;
mod schemas;
mod jobs;
mod kept;
mod sessions;
mod triggers;
mod workflows;
mod support;
mod tags;
mod wire;
