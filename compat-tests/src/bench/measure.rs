//! A case on one server: clients that call, and what it took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;

use super::process::{Memory, Processes, Spent};

/// Set by a signal: whoever measures ends soon, so that what was made can be dropped.
pub static STOPPED: AtomicBool = AtomicBool::new(false);

/// A server under test.
#[derive(Debug, Clone)]
pub struct Server {
    pub name: String,
    pub address: String,
    pub processes: Processes,
}

/// A connection that costs the machine little: a request was made before, and of a reply no objects are made.
pub trait Connection: Send {
    /// Sends a request and takes its reply off the wire. An exception is an error with its text.
    fn call(&mut self, request: &[u8]) -> Result<()>;

    /// The same, and the reply is kept.
    fn call_and_keep(&mut self, request: &[u8]) -> Result<Bytes>;
}

/// One call, and those after it that need something of its reply; they are timed together.
pub struct Call {
    pub request: Bytes,
    pub then: Then,
}

/// The call after a page, if that is not the last.
pub type NextPage = dyn Fn(&[u8]) -> Result<Option<Bytes>> + Send + Sync;

/// What a reply leads to.
#[derive(Clone)]
pub enum Then {
    Nothing,
    /// One more call.
    Once(fn(Bytes) -> Result<Bytes>),
    /// The next page, until there is none.
    Pages(Arc<NextPage>),
}

impl Call {
    pub fn single(request: Bytes) -> Call {
        Call { request, then: Then::Nothing }
    }

    fn make(&self, connection: &mut impl Connection) -> Result<()> {
        match &self.then {
            Then::Nothing => connection.call(&self.request),
            Then::Once(then) => {
                let reply = connection.call_and_keep(&self.request)?;
                connection.call(&then(reply)?)
            }
            Then::Pages(next) => {
                let mut request = self.request.clone();
                while let Some(more) = next(&connection.call_and_keep(&request)?)? {
                    request = more;
                }
                Ok(())
            }
        }
    }
}

/// What clients do at the same time.
pub struct Step {
    pub name: String,
    /// Of each client.
    pub calls: Vec<Vec<Call>>,
    /// Looks into the first reply.
    pub check: Box<dyn Fn(Bytes) -> Result<()>>,
}

/// What a step took on one server.
#[derive(Debug, Default)]
pub struct Measured {
    /// Sorted.
    pub latencies: Vec<Duration>,
    pub spent: Spent,
    pub memory: Memory,
}

#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub seconds: Duration,
    pub warm_up: Duration,
}

/// The only step of a case is done again and again until the time is up. Several are done in turns, each by all clients
/// at once, in rounds until the time is up: what one makes another removes.
pub fn run(server: &Server, connections: &mut [impl Connection], steps: &[Step], pace: Pace) -> Result<Vec<Measured>> {
    for step in steps {
        if let Some(call) = step.calls.first().and_then(|calls| calls.first()) {
            let reply = connections[0].call_and_keep(&call.request)?;
            (step.check)(reply.clone()).with_context(|| format!("the reply of {} to {}", server.name, step.name))?;
            if let Then::Once(then) = call.then {
                connections[0].call(&then(reply)?)?;
            }
        }
        match steps {
            [_] => phase(server, connections, step, 0, Some(Instant::now() + pace.warm_up))?,
            _ => phase(server, &mut connections[..1], step, 1, None)?,
        };
    }
    let mut measured: Vec<Measured> = steps.iter().map(|_| Measured::default()).collect();
    let end = Instant::now() + pace.seconds;
    loop {
        for (step, sum) in steps.iter().zip(&mut measured) {
            let until = (steps.len() == 1).then_some(end);
            let (latencies, spent) = phase(server, connections, step, 0, until)?;
            sum.latencies.extend(latencies);
            sum.spent += spent;
        }
        if Instant::now() >= end {
            break;
        }
    }
    let memory = server.processes.memory();
    for step in &mut measured {
        step.latencies.sort_unstable();
        step.memory = memory;
    }
    Ok(measured)
}

/// Each client makes its calls, from the given one on: once, or in a circle until a moment.
fn phase(
    server: &Server,
    connections: &mut [impl Connection],
    step: &Step,
    from: usize,
    until: Option<Instant>,
) -> Result<(Vec<Duration>, Spent)> {
    let all = Mutex::new(Vec::new());
    let before = server.processes.usage();
    std::thread::scope(|scope| {
        let clients: Vec<_> = connections
            .iter_mut()
            .zip(&step.calls)
            .map(|(connection, calls)| {
                let all = &all;
                scope.spawn(move || -> Result<()> {
                    let latencies = client(connection, calls.get(from..).unwrap_or_default(), until)?;
                    all.lock().map(|mut all| all.extend(latencies)).ok().context("another client has failed")
                })
            })
            .collect();
        clients.into_iter().try_for_each(|client| match client.join() {
            Ok(done) => done,
            Err(_) => bail!("a client has failed"),
        })
    })?;
    let spent = before.until(server.processes.usage());
    Ok((all.into_inner().unwrap_or_default(), spent))
}

fn client(connection: &mut impl Connection, calls: &[Call], until: Option<Instant>) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut began = Instant::now();
    loop {
        for call in calls {
            call.make(connection)?;
            let ended = Instant::now();
            latencies.push(ended - began);
            began = ended;
            if STOPPED.load(Ordering::Relaxed) {
                bail!("stopped");
            }
            if until.is_some_and(|until| ended >= until) {
                return Ok(latencies);
            }
        }
        if until.is_none() || calls.is_empty() {
            return Ok(latencies);
        }
    }
}
