//! How often passwords may be tried: who fails too often from one place has to wait there.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::denied;
use crate::error::Result;

/// How long failures count, from the first of them.
const WINDOW: Duration = Duration::from_secs(60);
/// Failures of one user from one address: more than a person makes, and than a job does before it gives up.
const OF_USER: u32 = 10;
/// Failures from one address, which may be that of a gateway for many.
const OF_ADDRESS: u32 = 100;
const REMEMBERED: u64 = 100_000;

type Failures<K> = Cache<K, Arc<AtomicU32>>;

/// The failures of late.
#[derive(Debug)]
pub struct Guesses {
    of_user: Failures<(IpAddr, String)>,
    of_address: Failures<IpAddr>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            of_user: Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
            of_address: Cache::builder().max_capacity(REMEMBERED).time_to_live(WINDOW).build(),
        }
    }
}

impl Guesses {
    /// Refuses who failed too often, whether the password is right or not. To be asked before the password is looked at,
    /// and again before it is taken for right: many may be tried at once.
    pub fn check(&self, from: IpAddr, user: &str) -> Result<()> {
        let network = network(from);
        let many = |failures: Option<Arc<AtomicU32>>, limit| {
            failures.is_some_and(|failures| failures.load(Ordering::Relaxed) >= limit)
        };
        if many(self.of_address.get(&network), OF_ADDRESS)
            || many(self.of_user.get(&(network, user.to_owned())), OF_USER)
        {
            metrics::counter!("propolis_thrift_logins_total", "outcome" => "held_off").increment(1);
            return Err(denied(&format!(
                "Too many logins with a wrong password from {from}: wait {} seconds",
                WINDOW.as_secs()
            )));
        }
        Ok(())
    }

    pub fn failed(&self, from: IpAddr, user: &str) {
        let network = network(from);
        self.of_address.get_with(network, Arc::default).fetch_add(1, Ordering::Relaxed);
        self.of_user.get_with((network, user.to_owned()), Arc::default).fetch_add(1, Ordering::Relaxed);
    }
}

/// One host has as many addresses of IPv6 as it likes, in its network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_too_often_waits() {
        let (guesses, here, there) = (Guesses::default(), "10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        for _ in 0..OF_USER {
            guesses.check(here, "ann").unwrap();
            guesses.failed(here, "ann");
        }
        assert!(guesses.check(here, "ann").unwrap_err().message.contains("Too many logins"));
        guesses.check(here, "bob").unwrap();
        guesses.check(there, "ann").unwrap();
        for number in OF_USER..OF_ADDRESS {
            guesses.failed(here, &format!("user {number}"));
        }
        assert!(guesses.check(here, "bob").is_err());
    }

    #[test]
    fn a_network_of_ipv6_is_one_place() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network("10.0.0.1"), "10.0.0.1");
    }
}
