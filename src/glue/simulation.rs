//! Runs in pretence, by the setting `glue_simulate_runs`: what nothing here carries out can be started all the same, goes
//! through its states as it is looked at, and counts as done. For tests of software that starts jobs and crawlers.

pub mod crawls;

use super::call::Call;
use super::error::{Exception, Result};

pub mod dev_endpoints;
pub mod job_runs;
pub mod sessions;
pub mod statistics_runs;
pub mod workflow_runs;

/// Lets a start through where runs are simulated; else it is refused, and named.
pub fn allowed(call: &Call, what: &str) -> Result<()> {
    if call.settings.simulate_runs {
        return Ok(());
    }
    Err(Exception::not_supported(format!(
        "{} is not supported here: nothing runs {what} yet. Nothing was started. The setting glue_simulate_runs records \
         runs that do nothing, for tests",
        call.operation.name
    ))
    .into())
}
