//! The catalog's objects as the shapes of the service and back, one file per noun.

pub mod catalogs;
pub mod databases;
mod extra;
pub mod functions;
pub mod partitions;
pub mod schemas;
pub mod statistics;
pub mod storage;
pub mod tables;
