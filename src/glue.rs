//! The AWS Glue face. A request is authenticated and checked against the model in [`server`], finds its handler in the
//! table of [`ops`], and is carried out by the catalog. Nothing here knows SQL.

mod call;
mod convert;
mod error;
mod iceberg;
pub mod ops;
mod page;
mod schedule;
mod server;
mod simulation;

pub use server::{Settings, router};
