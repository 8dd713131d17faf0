//! Passwords of a directory: the server is asked to bind as the user.

use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, dn_escape, ldap_escape};

use crate::config::{Secret, Settings};
use crate::error::{CatalogError, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Result codes of RFC 4511 by which a bind or a search fails because of the user, not of the server.
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN_SYNTAX: u32 = 34;
const INVALID_CREDENTIALS: u32 = 49;
const UNWILLING_TO_PERFORM: u32 = 53;

/// A directory. See the settings of the same names.
#[derive(Debug)]
pub struct Ldap {
    urls: Vec<String>,
    starttls: bool,
    names: Names,
}

/// How a user's name becomes one of the directory.
#[derive(Debug)]
enum Names {
    /// Put together, in each of these ways: `%s` is the user.
    Made(Vec<String>),
    /// `user@domain`, which Active Directory takes for a name.
    InDomain(String),
    /// Searched for.
    Searched { bind_dn: String, bind_password: Secret, base_dn: String, filter: String },
}

impl Ldap {
    pub fn new(settings: &Settings) -> Self {
        let base_dn = settings.ldap_base_dn.clone().unwrap_or_default();
        let names = match (&settings.ldap_bind_dn, &settings.ldap_bind_password, &settings.ldap_domain) {
            (Some(bind_dn), Some(bind_password), _) => Names::Searched {
                bind_dn: bind_dn.clone(),
                bind_password: bind_password.clone(),
                base_dn,
                filter: match &settings.ldap_user_search_filter {
                    Some(filter) => filter.clone(),
                    None => format!("({}={{0}})", settings.ldap_guid_key),
                },
            },
            (_, _, Some(domain)) => Names::InDomain(domain.clone()),
            _ => Names::Made(match &settings.ldap_user_dn_pattern {
                Some(patterns) => patterns.split(':').map(str::to_owned).collect(),
                None => vec![format!("{}=%s,{base_dn}", settings.ldap_guid_key)],
            }),
        };
        let urls = settings.ldap_url.as_deref().unwrap_or_default();
        Self { urls: urls.split_whitespace().map(str::to_owned).collect(), starttls: settings.ldap_starttls, names }
    }

    /// Whether this is the user's password. An error is the directory's: the next server was asked too.
    pub async fn verify(&self, user: &str, password: &Secret) -> Result<bool> {
        // A bind without a password succeeds, as nobody (RFC 4513, 5.1.2).
        if user.trim().is_empty() || password.reveal().trim().is_empty() {
            return Ok(false);
        }
        let mut failure = None;
        for url in &self.urls {
            match self.ask(url, user, password).await {
                Ok(right) => return Ok(right),
                Err(error) => {
                    tracing::warn!(url, %error, "the directory cannot be asked");
                    failure = Some(error);
                }
            }
        }
        let error = CatalogError::unavailable("The directory that keeps the passwords does not answer");
        Err(match failure {
            Some(cause) => error.caused_by(cause),
            None => error,
        })
    }

    async fn ask(&self, url: &str, user: &str, password: &Secret) -> Result<bool, LdapError> {
        match &self.names {
            Names::Made(patterns) => {
                for pattern in patterns {
                    if self.bind(url, &pattern.replace("%s", &dn_escape(user)), password).await? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Names::InDomain(domain) => {
                let name = if user.contains('@') { user.to_owned() } else { format!("{user}@{domain}") };
                self.bind(url, &name, password).await
            }
            Names::Searched { bind_dn, bind_password, base_dn, filter } => {
                let filter = filter.replace("{0}", &ldap_escape(user));
                match self.search(url, bind_dn, bind_password, base_dn, &filter).await? {
                    Some(name) => self.bind(url, &name, password).await,
                    None => Ok(false),
                }
            }
        }
    }

    async fn connect(&self, url: &str) -> Result<ldap3::Ldap, LdapError> {
        let settings = LdapConnSettings::new().set_conn_timeout(CONNECT_TIMEOUT);
        let settings = settings.set_starttls(self.starttls && url.starts_with("ldap://"));
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, url).await?;
        ldap3::drive!(connection);
        ldap.with_timeout(ANSWER_TIMEOUT);
        Ok(ldap)
    }

    async fn bind(&self, url: &str, name: &str, password: &Secret) -> Result<bool, LdapError> {
        let mut ldap = self.connect(url).await?;
        let answer = ldap.simple_bind(name, password.reveal()).await?;
        // The answer is there; how the connection ends changes nothing.
        let _ = ldap.unbind().await;
        match answer.rc {
            0 => Ok(true),
            NO_SUCH_OBJECT | INVALID_DN_SYNTAX | INVALID_CREDENTIALS | UNWILLING_TO_PERFORM => Ok(false),
            _ => Err(LdapError::from(answer)),
        }
    }

    /// The one entry that the filter finds.
    async fn search(
        &self,
        url: &str,
        bind_dn: &str,
        bind_password: &Secret,
        base_dn: &str,
        filter: &str,
    ) -> Result<Option<String>, LdapError> {
        let mut ldap = self.connect(url).await?;
        ldap.simple_bind(bind_dn, bind_password.reveal()).await?.success()?;
        ldap.with_timeout(ANSWER_TIMEOUT);
        let ldap3::SearchResult(entries, answer) = ldap.search(base_dn, Scope::Subtree, filter, ["1.1"]).await?;
        let _ = ldap.unbind().await;
        if answer.rc == NO_SUCH_OBJECT {
            return Ok(None);
        }
        let _: LdapResult = answer.success()?;
        let mut names =
            entries.into_iter().filter(|entry| !entry.is_ref()).map(|entry| SearchEntry::construct(entry).dn);
        let first = names.next();
        if names.next().is_some() {
            tracing::warn!(filter, "the directory has several entries for a user, who is refused");
            return Ok(None);
        }
        Ok(first)
    }
}
