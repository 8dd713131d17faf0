//! What a connection remembers between its calls.

mod meta_conf;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::catalog::Caller;
use crate::error::{CatalogError, ErrorKind, Result};

pub use meta_conf::{DISALLOW_INCOMPATIBLE_COLUMN_CHANGES, MetaConf, PARTITION_NAME_PATTERN};

/// Most bytes of fb303 options that a connection may keep.
const MAX_OPTIONS: usize = 64 << 10;

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    pub peer: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    caller: Caller,
    meta_conf: BTreeMap<&'static str, String>,
    options: BTreeMap<String, String>,
}

impl Session {
    pub fn new(peer: SocketAddr) -> Self {
        Self { peer, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half-written here: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who calls, as `set_ugi` told.
    pub fn caller(&self) -> Caller {
        self.state().caller.clone()
    }

    pub fn set_caller(&self, caller: Caller) {
        self.state().caller = caller;
    }

    /// What the client set, or the default.
    pub fn meta_conf(&self, conf: &MetaConf) -> String {
        self.state().meta_conf.get(conf.name).cloned().unwrap_or_else(|| conf.default.to_owned())
    }

    pub fn set_meta_conf(&self, conf: &'static MetaConf, value: String) -> Result<()> {
        conf.check(&value)?;
        self.state().meta_conf.insert(conf.name, value);
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
