//! The Hive metastore's Thrift face. A message goes `server` → `wire` (transport, limits) → [`methods`] (one line a
//! method in its table, one file a noun) → `catalog`, and back through [`convert`].

pub mod call;
mod convert;
mod encode;
pub mod error;
pub mod expr;
pub mod methods;
pub mod sasl;
pub mod server;
mod session;
mod translation;

pub use server::{Limits, Server};
pub use session::Session;
