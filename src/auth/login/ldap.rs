//! Passwords of a directory: the server is asked to bind as the user.

use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, dn_escape, ldap_escape};

use crate::config::{Secret, Settings};
use crate::error::{CatalogError, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What a server may take for all that it is asked of one user.
const SERVER_TIMEOUT: Duration = Duration::from_secs(20);
/// Result codes of RFC 4511 by which a bind or a search fails because of the user, not of the server.
const CONSTRAINT_VIOLATION: u32 = 19;
const NO_SUCH_OBJECT: u32 = 32;
const INVALID_DN_SYNTAX: u32 = 34;
const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
const INVALID_CREDENTIALS: u32 = 49;
const UNWILLING_TO_PERFORM: u32 = 53;
const OF_THE_USER: [u32; 6] = [
    CONSTRAINT_VIOLATION,
    NO_SUCH_OBJECT,
    INVALID_DN_SYNTAX,
    INAPPROPRIATE_AUTHENTICATION,
    INVALID_CREDENTIALS,
    UNWILLING_TO_PERFORM,
];

/// A directory. See the settings of the same names.
#[derive(Debug)]
pub struct Ldap {
    urls: Vec<String>,
    starttls: bool,
    base_dn: String,
    names: Names,
    /// Who alone may log in; empty is all.
    users: Vec<String>,
    groups: Option<Groups>,
}

/// Groups one of which a user has to be in.
#[derive(Debug)]
struct Groups {
    names: Vec<String>,
    class_key: String,
    membership_key: String,
}

/// How a user's name becomes one of the directory.
#[derive(Debug)]
enum Names {
    /// Put together, in each of these ways: `%s` is the user.
    Made(Vec<String>),
    /// `user@domain`, which Active Directory takes for a name.
    InDomain(String),
    /// Searched for.
    Searched { bind_dn: String, bind_password: Secret, filter: String },
}

impl Ldap {
    pub fn new(settings: &Settings) -> Self {
        let base_dn = settings.ldap_base_dn.clone().unwrap_or_default();
        let names = match (&settings.ldap_bind_dn, &settings.ldap_bind_password, &settings.ldap_domain) {
            (Some(bind_dn), Some(bind_password), _) => Names::Searched {
                bind_dn: bind_dn.clone(),
                bind_password: bind_password.clone(),
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
        let groups = &settings.ldap_group_filter;
        Self {
            urls: urls.split_whitespace().map(str::to_owned).collect(),
            starttls: settings.ldap_starttls,
            base_dn,
            names,
            users: settings.ldap_user_filter.clone(),
            groups: (!groups.is_empty()).then(|| Groups {
                names: groups.clone(),
                class_key: settings.ldap_group_class_key.clone(),
                membership_key: settings.ldap_group_membership_key.clone(),
            }),
        }
    }

    /// Whether this is the user's password. An error is the directory's: the next server was asked too.
    pub async fn verify(&self, user: &str, password: &Secret) -> Result<bool> {
        // A bind without a password succeeds, as nobody (RFC 4513, 5.1.2).
        if user.trim().is_empty() || password.reveal().trim().is_empty() {
            return Ok(false);
        }
        if !self.users.is_empty() && !self.users.iter().any(|known| known.eq_ignore_ascii_case(user)) {
            tracing::info!(user, "not in ldap_user_filter");
            return Ok(false);
        }
        let mut failure = None;
        for url in &self.urls {
            let asked = tokio::time::timeout(SERVER_TIMEOUT, self.ask(url, user, password)).await;
            match asked.unwrap_or_else(|elapsed| Err(LdapError::from(elapsed))) {
                Ok(right) => return Ok(right),
                Err(error) => {
                    tracing::warn!(url, error = error.to_string(), "the directory cannot be asked");
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
                    let name = pattern.replace("%s", &dn_escape(user));
                    if let Some(ldap) = self.bind(url, &name, password).await? {
                        return self.admit(ldap, &name, user).await;
                    }
                }
                Ok(false)
            }
            Names::InDomain(domain) => {
                let name = if user.contains('@') { user.to_owned() } else { format!("{user}@{domain}") };
                match self.bind(url, &name, password).await? {
                    Some(ldap) => self.admit(ldap, &name, user).await,
                    None => Ok(false),
                }
            }
            Names::Searched { bind_dn, bind_password, filter } => {
                let mut reader = self.reader(url, bind_dn, bind_password).await?;
                let filter = filter.replace("{0}", &ldap_escape(user));
                let mut found = self.search(&mut reader, &filter).await?.into_iter();
                let name = match (found.next(), found.next()) {
                    (Some(name), None) => name,
                    (first, _) => {
                        if first.is_some() {
                            tracing::warn!(filter, "the directory has several entries for a user, who is refused");
                        }
                        return Ok(false);
                    }
                };
                match self.bind(url, &name, password).await? {
                    Some(mut ldap) => {
                        // The answer is there; how the connection ends changes nothing.
                        let _ = ldap.unbind().await;
                        self.admit(reader, &name, user).await
                    }
                    None => Ok(false),
                }
            }
        }
    }

    /// Whether a user whose password is right is in one of the groups, as far as `ldap` may see them.
    async fn admit(&self, mut ldap: ldap3::Ldap, name: &str, user: &str) -> Result<bool, LdapError> {
        let admitted = match &self.groups {
            None => true,
            Some(groups) => {
                let found = self.search(&mut ldap, &groups.filter(name, user)).await?;
                let admitted = found.iter().any(|group| groups.has(group));
                if !admitted {
                    tracing::info!(user, "in no group of ldap_group_filter");
                }
                admitted
            }
        };
        let _ = ldap.unbind().await;
        Ok(admitted)
    }

    /// Whether each server answers, and takes who looks users up. For an operator; the error says why not.
    pub async fn probe(&self) -> Result<(), String> {
        for url in &self.urls {
            let asked = async {
                let mut ldap = match &self.names {
                    Names::Searched { bind_dn, bind_password, .. } => self.reader(url, bind_dn, bind_password).await?,
                    _ => self.connect(url).await?,
                };
                ldap.unbind().await
            };
            let asked = tokio::time::timeout(SERVER_TIMEOUT, asked).await;
            asked.unwrap_or_else(|elapsed| Err(LdapError::from(elapsed))).map_err(|error| format!("{url}: {error}"))?;
        }
        Ok(())
    }

    async fn connect(&self, url: &str) -> Result<ldap3::Ldap, LdapError> {
        let settings = LdapConnSettings::new().set_conn_timeout(CONNECT_TIMEOUT);
        let settings = settings.set_starttls(self.starttls && url.starts_with("ldap://"));
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, url).await?;
        ldap3::drive!(connection);
        ldap.with_timeout(ANSWER_TIMEOUT);
        Ok(ldap)
    }

    /// A connection of who looks users up.
    async fn reader(&self, url: &str, bind_dn: &str, bind_password: &Secret) -> Result<ldap3::Ldap, LdapError> {
        let mut ldap = self.connect(url).await?;
        ldap.simple_bind(bind_dn, bind_password.reveal()).await?.success()?;
        Ok(ldap)
    }

    /// A connection of the user; None where the password is not theirs.
    async fn bind(&self, url: &str, name: &str, password: &Secret) -> Result<Option<ldap3::Ldap>, LdapError> {
        let mut ldap = self.connect(url).await?;
        let answer = ldap.simple_bind(name, password.reveal()).await?;
        if answer.rc == 0 {
            return Ok(Some(ldap));
        }
        let _ = ldap.unbind().await;
        if OF_THE_USER.contains(&answer.rc) { Ok(None) } else { Err(LdapError::from(answer)) }
    }

    /// The names of the entries that the filter finds.
    async fn search(&self, ldap: &mut ldap3::Ldap, filter: &str) -> Result<Vec<String>, LdapError> {
        ldap.with_timeout(ANSWER_TIMEOUT);
        let ldap3::SearchResult(entries, answer) = ldap.search(&self.base_dn, Scope::Subtree, filter, ["1.1"]).await?;
        if answer.rc == NO_SUCH_OBJECT {
            return Ok(Vec::new());
        }
        let _: LdapResult = answer.success()?;
        let entries = entries.into_iter().filter(|entry| !entry.is_ref());
        Ok(entries.map(|entry| SearchEntry::construct(entry).dn).collect())
    }
}

impl Groups {
    /// Finds the groups of a user, who is in them by name or as they log in.
    fn filter(&self, name: &str, user: &str) -> String {
        let Self { class_key, membership_key, .. } = self;
        let (name, user) = (ldap_escape(name), ldap_escape(user));
        format!("(&(objectClass={class_key})(|({membership_key}={name})({membership_key}={user})))")
    }

    /// Whether a group is one of these, by the first part of its name.
    fn has(&self, group: &str) -> bool {
        let first = group.split(',').next().unwrap_or_default();
        let own = first.split_once('=').map(|(_, own)| own.trim());
        own.is_some_and(|own| self.names.iter().any(|known| known.eq_ignore_ascii_case(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_and_told_by_their_names() {
        let groups = Groups {
            names: vec!["hive".to_owned(), "Data Admins".to_owned()],
            class_key: "groupOfNames".to_owned(),
            membership_key: "member".to_owned(),
        };
        let filter = groups.filter("uid=o\\2cneil,dc=x", "o,neil)(uid=*");
        assert_eq!(
            filter,
            "(&(objectClass=groupOfNames)(|(member=uid=o\\5c2cneil,dc=x)(member=o,neil\\29\\28uid=\\2a)))"
        );
        assert!(groups.has("cn=Hive,ou=groups,dc=x") && groups.has("CN = data admins ,dc=x"));
        assert!(!groups.has("cn=hive2,dc=x") && !groups.has("cn=hive\\,x,dc=x") && !groups.has("hive"));
    }
}
