//! `propolis key` and `propolis user` as an operator uses them, beside a running server and without one.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Far above what any step takes; reached only when it never happens.
const LIMIT: Duration = Duration::from_secs(120);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Postgres may be another user.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    fn data(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_propolis"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PROPOLIS_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--data-dir").arg(self.data()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn serve(&self) -> Server {
        let addresses = ["--thrift-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
        let mut child = self.command(&["serve"]).args(addresses).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let health = lines.filter_map(|line| Some(line.split_once("http://")?.1.to_owned())).next();
        Server { child, http: health.expect("the server ended").trim_end_matches("/readyz").to_owned() }
    }

    /// What `propolis key` prints; None where it fails.
    fn key(&self, arguments: &[&str], input: &str) -> Option<String> {
        self.run(&[&["key"], arguments].concat(), input)
    }

    /// What a command prints; None where it fails.
    fn run(&self, arguments: &[&str], input: &str) -> Option<String> {
        let mut child = self.command(arguments).spawn().unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// The line of a key in the list.
    fn listed(&self, id: &str) -> String {
        let list = self.key(&["list"], "").unwrap();
        list.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id} is not in {list}")).to_owned()
    }
}

struct Server {
    child: Child,
    http: String,
}

impl Server {
    /// The answer to a request that nobody signed.
    fn post_unsigned(&self) -> String {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        let body = r#"{"ResourceArn":"arn:aws:glue:us-east-1:123456789012:catalog"}"#;
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: propolis\r\nX-Amz-Target: AWSGlue.GetTags\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The values of the printed variables.
fn values(printed: &str) -> Vec<String> {
    printed.lines().map(|line| line.split_once('=').unwrap().1.to_owned()).collect()
}

#[test]
fn keys_are_made_and_disabled_beside_a_server_and_without_one() {
    let place = Place::new();
    let server = place.serve();
    assert!(server.post_unsigned().starts_with("HTTP/1.1 200"), "{}", server.post_unsigned());

    let printed = place.key(&["create", "--user", "ann"], "").unwrap();
    assert!(printed.starts_with("AWS_ACCESS_KEY_ID=PK") && printed.contains("\nAWS_SECRET_ACCESS_KEY="), "{printed}");
    let [id, secret] = &values(&printed)[..] else { panic!("{printed}") };
    let line = place.listed(id);
    assert!(line.contains("active") && line.contains("ann") && !line.contains(secret), "{line}");
    // The server notices by itself.
    let begun = Instant::now();
    while !server.post_unsigned().contains("MissingAuthenticationTokenException") {
        assert!(begun.elapsed() < LIMIT, "{}", server.post_unsigned());
        std::thread::sleep(Duration::from_millis(100));
    }
    server.stop();

    place.key(&["disable", id], "").unwrap();
    assert!(place.listed(id).contains("disabled"));
    place.key(&["enable", id], "").unwrap();
    assert!(place.listed(id).contains("active"));
    let printed = place
        .key(
            &["create", "--id", "FOOBARKEY", "--secret-stdin", "--session-token", "--expires", "90d"],
            "FOOBARSECRET\nTOKEN\n",
        )
        .unwrap();
    assert_eq!(values(&printed), ["FOOBARKEY", "FOOBARSECRET", "TOKEN"]);
    for (arguments, input) in [
        (&["create", "--id", "FOOBARKEY", "--secret-stdin"][..], "FOOBARSECRET\n"),
        (&["create", "--id", "OTHERKEY", "--secret-stdin"], "\n"),
        (&["create", "--id", "OTHERKEY", "--secret-stdin", "--session-token"], "FOOBARSECRET\n"),
        (&["create", "--id", "OTHERKEY"], ""),
        (&["create", "--account", "12"], ""),
        (&["create", "--expires", "soon"], ""),
        (&["disable", "OTHERKEY"], ""),
    ] {
        assert_eq!(place.key(arguments, input), None, "{arguments:?}");
    }
    assert_eq!(place.key(&["list"], "").unwrap().lines().count(), 3);
}

#[test]
fn users_are_added_and_removed() {
    let place = Place::new();
    let user = |arguments: &[&str], input: &str| place.run(&[&["user"], arguments].concat(), input);
    let printed = user(&["add", "ann"], "").unwrap();
    let (password, hint) = printed.split_once('\n').unwrap();
    assert!(password.len() >= 20 && hint.contains("thrift_auth"), "{printed}");
    let given = user(&["add", "bob", "--password-stdin"], "battery staple\n").unwrap();
    assert!(!given.contains("battery staple"), "{given}");
    assert_ne!(user(&["password", "ann"], "").unwrap(), printed);
    let listed = user(&["list"], "").unwrap();
    let names: Vec<_> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["NAME", "ann", "bob"]);
    assert!(!listed.contains(password) && !listed.contains("argon2"), "{listed}");
    for (arguments, input) in [
        (&["add", "ann"][..], ""),
        (&["add", "eve", "--password-stdin"], "\n"),
        (&["add", "eve", "--password-stdin"], "short\n"),
        (&["password", "eve"], ""),
        (&["remove", "eve"], ""),
    ] {
        assert_eq!(user(arguments, input), None, "{arguments:?}");
    }
    user(&["remove", "bob"], "").unwrap();
    assert_eq!(user(&["list"], "").unwrap().lines().count(), 2);
}
