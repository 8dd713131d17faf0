//! Delegation tokens: what lets a job act for a user who is not there to log in.

/// A token, without its password. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationToken {
    pub sequence_number: i32,
    /// Whom its bearer acts for.
    pub owner_name: String,
    /// Who may prolong it; empty for nobody.
    pub renewer_name: String,
    /// Who asked for it on the owner's behalf; empty for the owner.
    pub real_user_name: String,
    pub issued_at: i64,
    /// No renewal goes beyond it.
    pub max_at: i64,
    pub renewed_until: i64,
}
