//! PLAIN (RFC 4616): a name and a password as they are.

use std::net::IpAddr;

use super::{Step, refusal};
use crate::auth::login::Login;
use crate::config::Secret;
use crate::error::CatalogError;

pub async fn step(login: &Login, from: IpAddr, response: &[u8]) -> Result<Step, CatalogError> {
    let (user, name, password) = parse(response).ok_or_else(|| refusal("the message is not one of PLAIN"))?;
    login.check_password(from, name, &Secret::new(password)).await?;
    Ok(Step::Done { who: login.act(from, name, Some(user))?, last: Vec::new(), layer: None })
}

/// Whom to act for, which may be empty; the user; the password.
fn parse(response: &[u8]) -> Option<(&str, &str, &str)> {
    let mut parts = std::str::from_utf8(response).ok()?.split('\0');
    let (user, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && !name.is_empty() && !password.is_empty()).then_some((user, name, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_three_parts() {
        assert_eq!(parse(b"\0ann\0secret"), Some(("", "ann", "secret")));
        assert_eq!(parse(b"bob\0ann\0secret"), Some(("bob", "ann", "secret")));
        for wrong in [&b""[..], b"ann\0secret", b"\0ann\0", b"\0\0secret", b"\0ann\0sec\0ret", b"\0ann\0\xff"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
