//! Access keys: who may sign requests, without their secrets.

/// A key that requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    pub id: String,
    /// The account that its requests belong to; `None` is the server's.
    pub account_id: Option<String>,
    /// Whom its requests are made for.
    pub user_name: Option<String>,
    pub disabled: bool,
    /// Seconds since the epoch, as the other times.
    pub created_at: i64,
    /// When it ends by itself.
    pub expires_at: Option<i64>,
    /// When it was last seen, to within an hour.
    pub last_used_at: Option<i64>,
}

/// AWS' form of an account: 12 digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A region stands in host names, ARNs and names of catalogs.
pub fn is_region(text: &str) -> bool {
    (1..=63).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
