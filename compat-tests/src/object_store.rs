//! A store that speaks S3, in memory.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::server::{Server, free_port, request};
use crate::{cache, python};

/// The store takes any; they must be the same everywhere.
pub const ACCESS_KEY: &str = "key";
pub const SECRET_KEY: &str = "secret";
pub const REGION: &str = "us-east-1";

/// The bucket that there is.
pub const BUCKET: &str = "lake";

pub struct ObjectStore {
    /// `http://HOST:PORT`
    pub endpoint: String,
    _server: Server,
}

impl ObjectStore {
    /// Starts the store with an empty bucket; its log is the cache's `logs/NAME.log`.
    pub fn start(name: &str) -> Result<ObjectStore> {
        let port = free_port()?;
        let mut command = Command::new(python::moto()?);
        command.args(["-m", "moto.server", "--host", "127.0.0.1", "--port", &port.to_string()]);
        let server = Server::start(&mut command, cache::log_file(name)?, port, "/moto-api/", "")?;
        let answer = request(port, "PUT", &format!("/{BUCKET}"))?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "the store makes no bucket: {answer}");
        Ok(ObjectStore { endpoint: format!("http://127.0.0.1:{port}"), _server: server })
    }
}
