//! Who is calling over Thrift: how they prove it, and for whom they may act.

pub mod jwt;
pub mod kerberos;
pub mod ldap;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use self::jwt::Jwt;
use self::kerberos::Kerberos;
use self::ldap::Ldap;
use crate::catalog::{DelegationTokens, Service, TokenLifetime, Users};
use crate::config::{LoginMethod, Secret, Settings};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::DelegationToken;

/// Who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Whom calls are made for.
    pub user: String,
    /// Who proved to be somebody: another than `user` where a proxy acts for them.
    pub real_user: String,
    /// When the proof ends by itself, in milliseconds since the epoch: what it leads to must not outlive it.
    pub until: Option<i64>,
}

/// What the Thrift port asks of its callers.
#[derive(Debug)]
pub struct Login {
    pub users: Option<Users>,
    pub ldap: Option<Ldap>,
    pub kerberos: Option<Kerberos>,
    pub jwt: Option<Jwt>,
    pub tokens: DelegationTokens,
    /// Who may act for others.
    pub proxy_users: HashSet<String>,
    /// Where Thrift over HTTP is served.
    pub http_path: String,
}

impl Login {
    /// Asks for nothing.
    pub fn none(catalog: &Service) -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self {
            users: None,
            ldap: None,
            kerberos: None,
            jwt: None,
            tokens: DelegationTokens::new(catalog, TokenLifetime { max: 7 * DAY, renewal: DAY }, None),
            proxy_users: HashSet::new(),
            http_path: "/metastore".to_owned(),
        }
    }

    /// Says in the log where something is less safe than it looks.
    pub fn open(settings: &Settings, catalog: &Service) -> Result<Self> {
        let methods = &settings.thrift_auth;
        let has = |method| methods.has(method);
        let kerberos = has(LoginMethod::Kerberos).then(|| Kerberos::open(settings)).transpose()?;
        let lifetime =
            TokenLifetime { max: settings.delegation_token_lifetime, renewal: settings.delegation_token_renewal };
        let own_name = kerberos.as_ref().map(|kerberos| kerberos.own_name().to_owned());
        let passwords = has(LoginMethod::Plain) || has(LoginMethod::Ldap);
        if passwords && settings.tls_cert.is_none() && !settings.thrift_addr.ip().is_loopback() {
            tracing::warn!("passwords pass the network in the clear: set tls_cert and tls_key");
        }
        Ok(Self {
            users: has(LoginMethod::Plain).then(|| Users::new(catalog.store().clone())).transpose()?,
            ldap: has(LoginMethod::Ldap).then(|| Ldap::new(settings)),
            kerberos,
            jwt: has(LoginMethod::Jwt).then(|| Jwt::new(settings)).transpose()?,
            tokens: DelegationTokens::new(catalog, lifetime, own_name),
            proxy_users: settings.thrift_proxy_users.iter().cloned().collect(),
            http_path: settings.thrift_http_path.clone(),
        })
    }

    /// Whether nobody is served who has not logged in.
    pub fn required(&self) -> bool {
        self.by_sasl() || self.jwt.is_some()
    }

    /// Whether one can log in by SASL.
    pub fn by_sasl(&self) -> bool {
        self.by_password() || self.kerberos.is_some()
    }

    pub fn by_password(&self) -> bool {
        self.users.is_some() || self.ldap.is_some()
    }

    /// Whether a user's password is right. Users kept here go before those of the directory.
    pub async fn check_password(&self, user: &str, password: &Secret) -> Result<()> {
        if let Some(users) = &self.users
            && users.verify(user, password).await?
        {
            return Ok(());
        }
        if let Some(ldap) = &self.ldap
            && ldap.verify(user, password).await?
        {
            return Ok(());
        }
        Err(denied("Error validating the login: the user or the password is wrong"))
    }

    /// Who it is that proved to be `real_user` and asks to be `user`.
    pub fn act(&self, real_user: &str, user: Option<&str>) -> Result<LoggedIn> {
        let user = user.filter(|user| !user.is_empty()).unwrap_or(real_user);
        if user != real_user && !self.proxy_users.contains(real_user) {
            return Err(denied(&format!(
                "{real_user} may not act for {user}: that takes {real_user} in thrift_proxy_users"
            )));
        }
        Ok(LoggedIn { user: user.to_owned(), real_user: real_user.to_owned(), until: None })
    }

    /// Who presents a token, and the password that they have to know of it.
    pub async fn token(&self, presented: &DelegationToken) -> Result<(LoggedIn, Secret)> {
        let found = self.tokens.find(presented).await?;
        let (token, password) = found.ok_or_else(|| denied("token expired or does not exist"))?;
        // As the token's owner only: what the one who asked for it may do besides is not in it.
        let owner = token.owner_name;
        Ok((LoggedIn { user: owner.clone(), real_user: owner, until: Some(token.max_at) }, password))
    }
}

/// What is shared by all connections.
pub type SharedLogin = Arc<Login>;

fn denied(message: &str) -> CatalogError {
    CatalogError::new(ErrorKind::PermissionDenied, message)
}
