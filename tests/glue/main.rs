//! The Glue face over a real database: what clients see.
#![allow(clippy::unwrap_used)]

mod auth;
mod catalogs;
mod classifiers;
mod connections;
mod crawlers;
mod databases;
mod definitions;
mod expressions;
mod functions;
#[allow(dead_code)]
#[path = "../hms/support.rs"]
mod hms;
mod jobs;
mod kept;
mod one_world;
mod optimizers;
mod partitions;
mod policies;
mod robustness;
mod schemas;
mod search;
mod sessions;
mod statistics;
mod strict;
mod support;
mod table_versions;
mod tables;
mod tags;
mod triggers;
mod unfiltered;
mod wire;
mod workflows;
