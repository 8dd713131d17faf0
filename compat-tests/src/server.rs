//! A server process that a test starts, and stops when it is done.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a server may take to come up, and to go down when asked.
const PATIENCE: Duration = Duration::from_secs(180);

/// Asked to end when dropped, and killed if it does not.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command`, whose output is added to `log`, and waits until GET `path` on `port` of this machine answers 200
    /// with `sign` in the body.
    pub fn start(command: &mut Command, log: PathBuf, port: u16, path: &str, sign: &str) -> Result<Server> {
        Server::start_until(command, log, || {
            request(port, "GET", path).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains(sign))
        })
    }

    /// The same, and waits until it is `ready`.
    pub fn start_until(command: &mut Command, log: PathBuf, ready: impl Fn() -> bool) -> Result<Server> {
        let output = File::options().append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut server = Server { child, log };
        let start = Instant::now();
        loop {
            if ready() {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended ({status}). {}", command.get_program().display(), server.last_words());
            }
            if start.elapsed() > PATIENCE {
                bail!("{} is not ready after {PATIENCE:?}. {}", command.get_program().display(), server.last_words());
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let tail = String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned();
        format!("Its log {} ends:\n{tail}", self.log.display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        let asked = i32::try_from(self.child.id()).is_ok_and(|id| kill(Pid::from_raw(id), Signal::SIGTERM).is_ok());
        let start = Instant::now();
        while asked && start.elapsed() < PATIENCE {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        // Nothing is left to do about a process that cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of this machine that nothing listens on.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The whole answer of an HTTP server on `port` of this machine.
pub fn request(port: u16, method: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
