//! `propolis serve` over its own Postgres, as an operator meets it: starts, crashes of either
//! process, second servers, users and paths.
#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, chown, geteuid};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

const NOBODY: u32 = 65534;
/// Far above what any step takes; reached only when it never happens.
const LIMIT: Duration = Duration::from_secs(120);

/// A directory that every user can pass, with a data directory to be made in it.
struct Place {
    directory: TempDir,
    /// The data directory's path below it.
    below: String,
    /// Whom the server runs as, when it is not whom the test runs as.
    user: Option<u32>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        Self { directory, below: "data".into(), user: None }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(&self.below)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut program = PathBuf::from(env!("CARGO_BIN_EXE_propolis"));
        if self.user.is_some() {
            // The build directory may be closed to others.
            let copy = self.directory.path().join("propolis");
            if !copy.exists() {
                fs::copy(&program, &copy).unwrap();
            }
            program = copy;
        }
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PROPOLIS_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.args(arguments).args(["--thrift-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(self.data()).current_dir("/").stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            text
        });
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let health = lines.filter_map(|line| Some(line.split_once("http://")?.1.to_owned())).next();
        match health {
            Some(url) => {
                Server { child, log: Some(log), http: url.trim_end_matches("/readyz").to_owned(), data: self.data() }
            }
            None => panic!("the server ended: {}", log.join().unwrap()),
        }
    }

    /// A run that is expected to end by itself: what it printed.
    fn fail(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(!output.status.success(), "{}", text(&output));
        text(&output)
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

struct Server {
    child: Child,
    /// What it wrote to standard error, once it has ended.
    log: Option<JoinHandle<String>>,
    http: String,
    data: PathBuf,
}

impl Server {
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: propolis\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn is_ready(&self) -> bool {
        self.get("/readyz").starts_with("HTTP/1.1 200")
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    fn postmaster(&self) -> Pid {
        postmaster(&self.data).unwrap()
    }

    fn kill(mut self) {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        let status = self.child.wait().unwrap();
        let log = self.log.take().unwrap().join().unwrap();
        assert!(status.success(), "{status}: {log}");
        assert_eq!(postmaster(&self.data), None, "Postgres has ended before its server");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn postmaster(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
    Some(Pid::from_raw(text.lines().next()?.parse().unwrap()))
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < LIMIT, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs statements over the private socket and returns the number in the last one's first column.
fn sql(socket: &Path, statements: &[&'static str]) -> i64 {
    let run = async {
        let options = PgConnectOptions::new_without_pgpass().socket(socket).port(5432).username("propolis");
        let mut connection = PgConnection::connect_with(&options.database("postgres")).await.unwrap();
        let mut number = 0;
        for statement in statements {
            let row: Option<(i64,)> = sqlx::query_as(*statement).fetch_optional(&mut connection).await.unwrap();
            number = row.map_or(0, |(number,)| number);
        }
        number
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run)
}

const INSERT: &[&str] = &["create table kept (n int)", "insert into kept select generate_series(1, 1000)"];
const COUNT: &[&str] = &["select count(*) from kept"];

#[test]
fn it_starts_answers_stops_and_starts_again() {
    let place = Place::new();
    let server = place.serve();
    assert!(server.is_ready(), "{}", server.get("/readyz"));
    assert!(server.get("/healthz").ends_with("alive\n"));
    assert!(server.get("/metrics").contains("propolis_build_info{version="));
    let run = server.data.join("run");
    sql(&run, INSERT);
    let durable = "select count(*) from pg_settings where (name, setting) in \
         (('fsync', 'on'), ('full_page_writes', 'on'), ('synchronous_commit', 'on'), ('listen_addresses', ''))";
    assert_eq!(sql(&run, &[durable]), 4);
    assert_eq!(fs::metadata(&run).unwrap().mode() & 0o077, 0, "nobody else reaches the socket");
    server.stop();
    let server = place.serve();
    assert_eq!(sql(&run, COUNT), 1000);
    server.stop();
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let place = Place::new();
    let server = place.serve();
    for command in ["serve", "migrate"] {
        let said = place.fail(&[command]);
        assert!(said.contains("belongs to a running Propolis server"), "{said}");
        assert!(said.contains(&format!("(pid {})", server.child.id())), "{said}");
    }
    assert!(server.is_ready());
    let doctor = place.command(&["doctor"]).output().unwrap();
    assert!(doctor.status.success(), "{}", text(&doctor));
    assert!(text(&doctor).contains("the schema is up to date"), "{}", text(&doctor));
    server.stop();
}

#[test]
fn postgres_ends_with_a_killed_server_and_nothing_is_lost() {
    let place = Place::new();
    let server = place.serve();
    let run = server.data.join("run");
    sql(&run, INSERT);
    server.kill();
    // At once, while Postgres may still be shutting down.
    let server = place.serve();
    assert_eq!(sql(&run, COUNT), 1000);
    server.kill();
    wait_until("the end of Postgres", || postmaster(&place.data()).is_none());
}

#[test]
fn a_crash_of_both_is_recovered_from() {
    let place = Place::new();
    let server = place.serve();
    let run = server.data.join("run");
    sql(&run, INSERT);
    kill(server.postmaster(), Signal::SIGKILL).unwrap();
    server.kill();
    let server = place.serve();
    assert_eq!(sql(&run, COUNT), 1000);
    server.stop();
}

#[test]
fn a_killed_postgres_is_started_again() {
    let place = Place::new();
    let server = place.serve();
    let run = server.data.join("run");
    sql(&run, INSERT);
    let first = server.postmaster();
    kill(first, Signal::SIGKILL).unwrap();
    wait_until("another Postgres", || postmaster(&server.data).is_some_and(|pid| pid != first) && server.is_ready());
    assert_eq!(sql(&run, COUNT), 1000);
    server.stop();
}

#[test]
fn what_a_broken_off_start_left_does_not_matter() {
    let place = Place::new();
    let partial = place.data().join("postgres.partial-1");
    fs::create_dir_all(&partial).unwrap();
    fs::write(partial.join("PG_VERSION"), "99\n").unwrap();
    let server = place.serve();
    assert!(!partial.exists());
    let stale = fs::read_to_string(server.data.join("postgres/postmaster.pid")).unwrap();
    server.stop();
    // As after the restart of a container: the pid of the last postmaster is another process's.
    let stale = stale.split_once('\n').map(|(_, rest)| format!("{}\n{rest}", std::process::id())).unwrap();
    fs::write(place.data().join("postgres/postmaster.pid"), stale).unwrap();
    place.serve().stop();
}

#[test]
fn a_start_killed_at_any_time_is_made_up_for() {
    for milliseconds in [0, 150, 300, 500] {
        let place = Place::new();
        let mut first = place.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        first.kill().unwrap();
        first.wait().unwrap();
        let second = place.command(&["migrate"]).output().unwrap();
        assert!(second.status.success(), "after {milliseconds} ms: {}", text(&second));
    }
}

#[test]
fn a_long_path_is_no_obstacle() {
    let mut place = Place::new();
    place.below = "x".repeat(120);
    let server = place.serve();
    assert!(server.is_ready());
    assert!(!server.data.join("run").exists());
    server.stop();
}

#[test]
fn an_unprivileged_user_and_root_take_turns() {
    let mut place = Place::new();
    if !geteuid().is_root() {
        place.serve().stop();
        assert_eq!(fs::metadata(place.data().join("postgres")).unwrap().uid(), geteuid().as_raw());
        return;
    }
    chown(place.directory.path(), Some(Uid::from_raw(NOBODY)), Some(Gid::from_raw(NOBODY))).unwrap();
    place.user = Some(NOBODY);
    let server = place.serve();
    let run = server.data.join("run");
    sql(&run, INSERT);
    server.stop();
    place.user = None;
    let server = place.serve();
    assert_eq!(sql(&run, COUNT), 1000);
    let process = fs::metadata(format!("/proc/{}", server.postmaster())).unwrap();
    assert_eq!(process.uid(), NOBODY, "Postgres runs as the owner of its data");
    server.stop();
}

#[test]
fn foreign_data_and_closed_parents_are_told_of() {
    if !geteuid().is_root() {
        return;
    }
    let mut place = Place::new();
    let server = place.serve();
    let process = fs::metadata(format!("/proc/{}", server.postmaster())).unwrap();
    assert_ne!(process.uid(), 0, "Postgres never runs as root");
    server.stop();
    fs::remove_file(place.data().join("owner.lock")).unwrap();
    chown(&place.data(), Some(Uid::from_raw(NOBODY)), Some(Gid::from_raw(NOBODY))).unwrap();
    place.user = Some(NOBODY);
    if process.uid() != NOBODY {
        let said = place.fail(&["serve"]);
        assert!(said.contains("start Propolis as that user or as root"), "{said}");
    }
    place.user = None;
    fs::set_permissions(place.directory.path(), Permissions::from_mode(0o700)).unwrap();
    let said = place.fail(&["serve"]);
    assert!(said.contains(&format!("cannot pass {}", place.directory.path().display())), "{said}");
}

#[test]
fn wrong_settings_are_named() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = |name: &str, value: &str| {
        let output = place.command(&["serve"]).env(name, value).output().unwrap();
        assert!(!output.status.success());
        text(&output)
    };
    let said = run("PROPOLIS_LOCK_LEASE", "soon");
    assert!(said.contains("PROPOLIS_LOCK_LEASE: \"soon\" is wrong: give a time"), "{said}");
    assert!(!place.data().exists(), "nothing was made");
    let said = run("PROPOLIS_POSTGRES_BIN", "/nonexistent");
    assert!(said.contains("/nonexistent holds no Postgres that runs"), "{said}");
    let said = run("PROPOLIS_DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d");
    assert!(said.contains("the database d on 127.0.0.1:1 cannot be reached"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    for flag in ["--thrift-addr", "--http-addr"] {
        let mut command = place.command(&["serve"]);
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let at = arguments.iter().position(|argument| argument == flag).unwrap();
        command = Command::new(command.get_program());
        command.args(&arguments[..=at]).arg(&address).args(&arguments[at + 2..]).env("PROPOLIS_LOG_LEVEL", "warn");
        let output = command.output().unwrap();
        let setting = flag.trim_start_matches('-').replace('-', "_");
        assert!(!output.status.success());
        assert!(text(&output).contains(&format!("{setting}: {address} cannot be served")), "{}", text(&output));
    }
}
