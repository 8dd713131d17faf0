//! Queries that engines run by a schedule.

pub mod cron;

use std::fmt;

use super::numbered::numbered;

/// As given: names of queries and namespaces keep their case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledQueryKey {
    pub name: String,
    /// Of engines: each asks for its own.
    pub namespace: String,
}

impl fmt::Display for ScheduledQueryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.namespace)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledQuery {
    pub key: ScheduledQueryKey,
    pub enabled: bool,
    /// See [`cron`].
    pub schedule: String,
    pub user_name: Option<String>,
    pub query: Option<String>,
    /// None where the schedule has no time any more.
    pub next_execution: Option<i64>,
}

numbered! {
    /// How far an execution is.
    QueryState {
        Inited = 0 "INITED",
        Executing = 1 "EXECUTING",
        Failed = 2 "FAILED",
        Finished = 3 "FINISHED",
        TimedOut = 4 "TIMED_OUT",
        /// No execution, but a remark that the query was switched off after too many failures.
        AutoDisabled = 5 "AUTO_DISABLED",
    }
}

impl QueryState {
    /// Whether an execution may go on to that state.
    pub fn leads_to(self, next: Self) -> bool {
        !self.is_over() && !matches!(next, Self::Inited | Self::AutoDisabled)
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Self::Inited | Self::Executing)
    }
}
