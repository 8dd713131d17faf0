//! Kerberos by GSS-API: tickets are checked by MIT's library, which is loaded when it is needed, so that who logs in
//! otherwise needs none of it.

mod gssapi;
mod host;

use std::sync::Arc;

pub use self::gssapi::Context;
use self::gssapi::{Credentials, Gssapi};
use super::denied;
use crate::config::{PrincipalRules, Settings, split_principal};
use crate::error::{CatalogError, Result};

/// The server's own principal, with its key.
#[derive(Debug)]
pub struct Kerberos {
    credentials: Arc<Credentials>,
    principal: String,
    own_name: String,
    realm: String,
    rules: PrincipalRules,
}

impl Kerberos {
    /// The error says which setting is wrong.
    pub fn open(settings: &Settings) -> Result<Self> {
        let wrong = |message: String| CatalogError::invalid_input(format!("kerberos_principal: {message}"));
        let principal = settings.kerberos_principal.as_deref().unwrap_or_default();
        let (service, host, realm) =
            split_principal(principal).ok_or_else(|| wrong("give a service, a host and a realm".to_owned()))?;
        let host = match host {
            "_HOST" => host::own_name().map_err(|error| wrong(format!("this machine has no name: {error}")))?,
            host => host.to_owned(),
        };
        let keytab = settings.kerberos_keytab.as_deref();
        let keytab = keytab.ok_or_else(|| CatalogError::invalid_input("kerberos_keytab: it is needed"))?;
        let principal = format!("{service}/{host}@{realm}");
        let library = Gssapi::load().map_err(wrong)?;
        let credentials = Credentials::acquire(library, &principal, keytab)
            .map_err(|error| wrong(format!("{principal} with the key in {}: {error}", keytab.display())))?;
        let rules = PrincipalRules::parse(&settings.kerberos_auth_to_local)
            .map_err(|error| CatalogError::invalid_input(format!("kerberos_auth_to_local: {error}")))?;
        let own_name = rules.user(&principal, realm).ok().flatten().unwrap_or_else(|| service.to_owned());
        Ok(Self { credentials: Arc::new(credentials), principal, own_name, realm: realm.to_owned(), rules })
    }

    /// What clients ask for a ticket to.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The server's name as a user: that of its principal.
    pub fn own_name(&self) -> &str {
        &self.own_name
    }

    /// The beginning of a login.
    pub fn context(&self) -> Context {
        Context::new(Arc::clone(&self.credentials))
    }

    /// The user of a principal, by the rules. Other realms are refused unless a rule takes them in, since their users may
    /// have the same names.
    pub fn user(&self, principal: &str) -> Result<String> {
        match self.rules.user(principal, &self.realm) {
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(denied(&format!(
                "{principal} is nobody here: the realm is {}, and no rule of kerberos_auth_to_local fits",
                self.realm
            ))),
            Err(error) => Err(denied(&format!("kerberos_auth_to_local: {error}"))),
        }
    }
}

/// What is before the host and the realm of a principal; a plain name is itself.
pub fn short_name(principal: &str) -> &str {
    principal.split(['/', '@']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_stands_before_host_and_realm() {
        for (principal, name) in
            [("ann@EXAMPLE.ORG", "ann"), ("hive/h.example.org@EXAMPLE.ORG", "hive"), ("ann", "ann"), ("", "")]
        {
            assert_eq!(short_name(principal), name);
        }
    }
}
