//! What a connection remembers between its calls.

pub mod meta_conf;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::auth::login::{LoggedIn, Login, SharedLogin, check_name};
use crate::catalog::Caller;
use crate::config::hive::Name;
use crate::error::{CatalogError, ErrorKind, Result};

/// Most bytes of fb303 options that a connection may keep.
const MAX_OPTIONS: usize = 64 << 10;

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    pub peer: SocketAddr,
    login: SharedLogin,
    who: Option<LoggedIn>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    caller: Caller,
    meta_conf: BTreeMap<&'static str, String>,
    options: BTreeMap<String, String>,
}

impl Session {
    /// `who` is None where nobody has to log in.
    pub fn new(peer: SocketAddr, login: SharedLogin, who: Option<LoggedIn>) -> Self {
        let caller = Caller { user: who.as_ref().map(|who| who.user.clone()), groups: Vec::new() };
        Self { peer, login, who, state: Mutex::new(State { caller, ..State::default() }) }
    }

    pub fn login(&self) -> &Login {
        &self.login
    }

    /// Who logged in.
    pub fn who(&self) -> Option<&LoggedIn> {
        self.who.as_ref()
    }

    /// Whether the caller may do what only services do: read what HiveServer2 keeps here, for one.
    pub fn is_service(&self) -> bool {
        match &self.who {
            Some(who) => self.login.is_proxy(self.peer.ip(), &who.real_user),
            None => !self.login.required(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half-written here: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who calls: who logged in, or as `set_ugi` told.
    pub fn caller(&self) -> Caller {
        self.state().caller.clone()
    }

    /// What `set_ugi` tells. After a login it may name nobody else, unless a proxy user logged in; nor are others
    /// believed which groups they are in.
    pub fn assume(&self, caller: Caller) -> Result<()> {
        let user = caller.user.filter(|user| !user.is_empty());
        let Some(who) = &self.who else {
            user.as_deref().map_or(Ok(()), check_name)?;
            self.state().caller = Caller { user, ..caller };
            return Ok(());
        };
        let told = self.login.act(self.peer.ip(), &who.real_user, user.as_deref())?;
        if self.login.is_proxy(self.peer.ip(), &who.real_user) {
            self.state().caller = Caller { user: Some(told.user), ..caller };
        }
        Ok(())
    }

    /// What the client set for its connection.
    pub fn meta_conf(&self, name: &str) -> Option<String> {
        self.state().meta_conf.get(name).cloned()
    }

    pub fn set_meta_conf(&self, known: &'static Name, value: String) -> Result<()> {
        meta_conf::check(known, &value)?;
        self.state().meta_conf.insert(known.name, value);
        Ok(())
    }

    /// Options of the fb303 contract: kept for the connection, without effect.
    pub fn options(&self) -> BTreeMap<String, String> {
        self.state().options.clone()
    }

    pub fn set_option(&self, key: String, value: String) -> Result<()> {
        let mut state = self.state();
        let kept: usize =
            state.options.iter().filter(|(old, _)| **old != key).map(|(key, value)| key.len() + value.len()).sum();
        if kept + key.len() + value.len() > MAX_OPTIONS {
            return Err(CatalogError::new(
                ErrorKind::LimitExceeded,
                format!("The options of this connection would have more than {MAX_OPTIONS} bytes"),
            ));
        }
        state.options.insert(key, value);
        Ok(())
    }
}
