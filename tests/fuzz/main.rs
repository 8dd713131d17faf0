//! Whatever bytes come from outside: nothing that reads them panics, or takes memory out of proportion, and what it makes
//! of them can be told. Each target starts from what is in `corpus/`: requests of real clients, texts that are right, and
//! what was found by this before. CONTRIBUTING.md says how to run it for long.
#![allow(clippy::unwrap_used)]

mod connections;
mod expressions;
mod harness;
mod meter;
mod mutation;
mod texts;
mod wire;

#[path = "../hms/support.rs"]
#[allow(dead_code)]
mod support;
