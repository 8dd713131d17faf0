//! Connections on which nobody has logged in yet: few of them from one address, and none for long.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Of all connections, what one address may have waiting: the rest stays for those who log in.
const SHARE: usize = 4;
/// Jobs open many at once, whatever the limit of all is.
const LEAST: usize = 16;

/// How many there are, by where they come from.
#[derive(Debug)]
pub struct Waiting {
    limit: usize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// Held while a connection waits.
#[derive(Debug)]
pub struct Place {
    waiting: Arc<Waiting>,
    from: IpAddr,
}

impl Waiting {
    pub fn new(max_connections: usize) -> Self {
        Self { limit: (max_connections / SHARE).max(LEAST), counts: Mutex::default() }
    }

    /// None where one more is too many.
    pub fn place(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place { waiting: Arc::clone(self), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.waiting.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share() {
        let waiting = Arc::new(Waiting::new(80));
        let (here, there) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let mut places: Vec<_> = (0..20).map(|_| waiting.place(here).unwrap()).collect();
        assert!(waiting.place(here).is_none());
        assert!(waiting.place(there).is_some());
        places.pop();
        assert!(waiting.place(here).is_some());
        places.clear();
        assert!(waiting.counts.lock().unwrap().is_empty());
    }
}
