//! Who is calling over Thrift: how they prove it, and for whom they may act.

pub mod guesses;
pub mod jwt;
pub mod kerberos;
pub mod ldap;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use self::guesses::Guesses;
use self::jwt::Jwt;
use self::kerberos::Kerberos;
use self::ldap::Ldap;
use crate::catalog::{DelegationTokens, Service, TokenLifetime, Users};
use crate::config::{LoginMethod, Protections, Secret, Settings};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::DelegationToken;

/// What stands in for a user in logs, lists and the catalog.
const MAX_NAME_BYTES: usize = 256;

/// Who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// Whom calls are made for.
    pub user: String,
    /// Who proved to be somebody: another than `user` where a proxy acts for them.
    pub real_user: String,
    /// When the proof ends by itself, in milliseconds since the epoch: what it leads to must not outlive it.
    pub until: Option<i64>,
    /// Whether the proof was a delegation token, which leads to no other.
    pub by_token: bool,
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
    /// Whence they may; empty is from everywhere.
    pub proxy_networks: Vec<IpNet>,
    /// What tickets and tokens may protect connections by.
    pub protections: Protections,
    pub guesses: Guesses,
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
            proxy_networks: Vec::new(),
            protections: Protections::default(),
            guesses: Guesses::default(),
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
        let readable = has(LoginMethod::Plain) || has(LoginMethod::Ldap) || has(LoginMethod::Jwt);
        if readable && settings.tls_cert.is_none() && !settings.thrift_addr.ip().is_loopback() {
            tracing::warn!("passwords and bearer tokens pass the network in the clear: set tls_cert and tls_key");
        }
        Ok(Self {
            users: has(LoginMethod::Plain).then(|| Users::new(catalog.store().clone())).transpose()?,
            ldap: has(LoginMethod::Ldap).then(|| Ldap::new(settings)),
            kerberos,
            jwt: has(LoginMethod::Jwt).then(|| Jwt::new(settings)).transpose()?,
            tokens: DelegationTokens::new(catalog, lifetime, own_name),
            proxy_users: settings.thrift_proxy_users.iter().cloned().collect(),
            proxy_networks: settings.thrift_proxy_networks.0.clone(),
            protections: settings.sasl_protection.clone(),
            guesses: Guesses::default(),
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
    pub async fn check_password(&self, from: IpAddr, user: &str, password: &Secret) -> Result<()> {
        check_name(user)?;
        self.guesses.check(from, user)?;
        if self.is_password(user, password).await? {
            return self.guesses.check(from, user);
        }
        self.guesses.failed(from, user);
        Err(denied(&format!("Error validating the login of {user}: the user or the password is wrong")))
    }

    async fn is_password(&self, user: &str, password: &Secret) -> Result<bool> {
        if let Some(users) = &self.users
            && users.verify(user, password).await?
        {
            return Ok(true);
        }
        match &self.ldap {
            Some(ldap) => ldap.verify(user, password).await,
            None => Ok(false),
        }
    }

    /// Who it is that proved to be `real_user` and asks to be `user`.
    pub fn act(&self, from: IpAddr, real_user: &str, user: Option<&str>) -> Result<LoggedIn> {
        let user = user.filter(|user| !user.is_empty()).unwrap_or(real_user);
        check_name(real_user)?;
        check_name(user)?;
        if user != real_user && !self.is_proxy(from, real_user) {
            return Err(denied(&match self.proxy_users.contains(real_user) {
                false => format!("{real_user} may not act for {user}: that takes {real_user} in thrift_proxy_users"),
                true => format!("{real_user} may not act for {user} from {from}: that is not in thrift_proxy_networks"),
            }));
        }
        Ok(LoggedIn { user: user.to_owned(), real_user: real_user.to_owned(), until: None, by_token: false })
    }

    /// Whether who logged in as `user` may act for others.
    pub fn is_proxy(&self, from: IpAddr, user: &str) -> bool {
        let networks = &self.proxy_networks;
        let from = from.to_canonical();
        self.proxy_users.contains(user) && (networks.is_empty() || networks.iter().any(|net| net.contains(&from)))
    }

    /// Who presents a token, and the password that they have to know of it.
    pub async fn token(&self, presented: &DelegationToken) -> Result<(LoggedIn, Secret)> {
        let found = self.tokens.find(presented).await?;
        let (token, password) = found.ok_or_else(|| denied("token expired or does not exist"))?;
        // As the token's owner only: what the one who asked for it may do besides is not in it.
        let owner = token.owner_name;
        Ok((LoggedIn { user: owner.clone(), real_user: owner, until: Some(token.max_at), by_token: true }, password))
    }
}

/// What is shared by all connections.
pub type SharedLogin = Arc<Login>;

/// Refuses names that can be taken for others, or break a line of a log.
pub fn check_name(name: &str) -> Result<()> {
    let plain = !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
    if plain && name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(denied(&format!(
        "The name of a user has 1 to {MAX_NAME_BYTES} bytes, no spaces at its ends and no control characters"
    )))
}

fn denied(message: &str) -> CatalogError {
    CatalogError::new(ErrorKind::PermissionDenied, message)
}
