//! Comparing servers: the same calls are sent to one or two of them, case by case, first to the one and then to the other,
//! and what they took is told.
//!
//! Calls are encoded before they are timed, and replies are taken off the wire without objects made of them, so the times
//! are the server's and the network's. The first reply of each case is read whole and checked.

pub mod compare;
pub mod measure;
pub mod process;
pub mod report;
