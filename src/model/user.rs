//! Users who log in with a password that is kept here.

/// A user, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    /// Seconds since the epoch, as the other time.
    pub created_at: i64,
    pub password_set_at: i64,
}
