//! Locks: leases on names that clients take by agreement with each other.

use super::DatabaseName;
use super::transaction::Component;

/// How an object is locked, the least restrictive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockKind {
    /// Goes together with all but [`Exclusive`](Self::Exclusive).
    SharedRead,
    /// Goes together with the shared ones.
    SharedWrite,
    /// Goes together with [`SharedRead`](Self::SharedRead).
    ExclusiveWrite,
    /// Goes together with nothing.
    Exclusive,
}

impl LockKind {
    pub const ALL: [Self; 4] = [Self::SharedRead, Self::SharedWrite, Self::ExclusiveWrite, Self::Exclusive];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SharedRead => "shared_read",
            Self::SharedWrite => "shared_write",
            Self::ExclusiveWrite => "exclusive_write",
            Self::Exclusive => "exclusive",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One object of a request. None of what it names need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockComponent {
    pub database: DatabaseName,
    /// None: the whole database.
    pub table: Option<String>,
    /// A partition name with its keys in lower case. None: the whole table.
    pub partition: Option<String>,
    pub kind: LockKind,
}

/// A request: all its components are locked, or it waits.
#[derive(Debug, Clone)]
pub struct NewLock {
    pub components: Vec<LockComponent>,
    /// The transaction that it belongs to: it lives as long as that is open, and hinders no other lock of it.
    pub transaction_id: Option<i64>,
    /// What the transaction is going to write.
    pub writes: Vec<Component>,
    pub user: String,
    pub host: String,
    /// The program that asks, as it calls itself.
    pub agent: Option<String>,
    /// Where a read must wait, give up at once.
    pub reads_never_wait: bool,
    /// Where anything must wait, give up at once.
    pub never_waits: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    Acquired,
    Waiting,
    /// It would have had to wait and does not want to: it is gone.
    GivenUp,
}

/// One component of a lock, as one lists them.
#[derive(Debug, Clone)]
pub struct LockEntry {
    pub lock_id: i64,
    /// From 1 within its lock.
    pub position: i32,
    pub component: LockComponent,
    pub transaction_id: Option<i64>,
    pub user: String,
    pub host: String,
    pub agent: Option<String>,
    /// Milliseconds since the epoch; that of its transaction where it belongs to one.
    pub heartbeat_at: i64,
    /// Milliseconds since the epoch; None while it waits.
    pub acquired_at: Option<i64>,
    /// Lock and position that it waits for, the oldest of them.
    pub waits_for: Option<(i64, i32)>,
}

/// Which locks to list. What is None matches all.
#[derive(Debug, Clone, Default)]
pub struct LockFilter {
    pub catalog: Option<String>,
    pub database: Option<String>,
    pub table: Option<String>,
    pub partition: Option<String>,
    pub transaction_id: Option<i64>,
}
