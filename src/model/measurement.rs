//! What engines measured and keep here: how replication went, and what they learned of their queries.

/// How a dump or load of a replication policy goes, known by its execution as a scheduled query.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationMetrics {
    pub scheduled_execution_id: i64,
    pub policy: String,
    pub dump_execution_id: i64,
    /// In the engine's own format, as the next one.
    pub metadata: Option<String>,
    pub progress: Option<String>,
    pub message_format: Option<String>,
}

/// Which metrics to read; None lets all through.
#[derive(Debug, Clone, Default)]
pub struct WhichMetrics {
    pub policy: Option<String>,
    pub scheduled_execution_id: Option<i64>,
    pub dump_execution_id: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeStatistics {
    pub created_at: i64,
    /// How much of what a reader takes at a time it is.
    pub weight: i32,
    /// The engine's own.
    pub payload: Vec<u8>,
}
