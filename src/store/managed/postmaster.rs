//! Making a cluster, and a thread that keeps its postmaster running.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::oneshot;

use super::owner::{self, RunAs};
use super::{ManagedError, PORT, SUPERUSER};

/// How long an orderly end may take before Postgres is cut off and recovers at the next start.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a start is tried again while processes of a killed postmaster still end.
const SHARED_MEMORY_LIMIT: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Begins the extension of a cluster in the making.
const PARTIAL: &str = "partial-";
/// Larger than any pid that Linux gives (`PID_MAX_LIMIT`, 2^22).
const NO_PID: i32 = (1 << 22) + 1;

/// Written to a new cluster's `postgresql.conf`, for whoever runs it to change.
const CONFIGURATION: &str = "
# Propolis' choice for a catalog on a small machine; yours to change. Sockets, connections and
# durability are set by Propolis at each start and go before what stands here.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
wal_compression = on
# Pages are on flash or in memory, so an index is nearly always worth it.
random_page_cost = 1.1
# Requests are many and short: compiling or dividing one costs more than it brings.
jit = off
max_parallel_workers_per_gather = 0
";

/// Where everything of one cluster is. All paths are absolute and without links.
#[derive(Debug, Clone)]
pub struct Layout {
    pub binaries: PathBuf,
    pub data: PathBuf,
    pub socket: PathBuf,
    pub max_connections: u32,
    pub user: Option<RunAs>,
}

pub fn data_directory(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

/// The major version that made the data; `None` where there is none.
pub fn data_version(data_dir: &Path) -> Result<Option<u32>, ManagedError> {
    let directory = data_directory(data_dir);
    if !directory.exists() {
        return Ok(None);
    }
    let path = directory.join("PG_VERSION");
    let version = fs::read_to_string(&path).map_err(ManagedError::io("cannot be read", &path))?;
    let major = version.trim().parse();
    major.map(Some).map_err(|_| ManagedError::Start(format!("{} holds no version", path.display())))
}

impl Layout {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        // Our own directory may be closed to the user that Postgres runs as.
        command.current_dir("/").stdin(Stdio::null());
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Makes the cluster under another name first: one that is there is whole.
    fn initialize(&self) -> Result<(), ManagedError> {
        if self.data.exists() {
            return Ok(());
        }
        self.clear_partial();
        // A name of its own, since the initdb of a killed server may still be cleaning up after itself.
        let partial = self.data.with_extension(format!("{PARTIAL}{}", std::process::id()));
        owner::make_private(&partial, self.user.as_ref())?;
        tracing::info!(directory = %self.data.display(), "making the database");
        let mut command = self.command("initdb");
        command.arg("-D").arg(&partial).args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        command.args(["--data-checksums", "--no-instructions"]);
        die_with_parent(&mut command);
        let output = command.output().map_err(ManagedError::io("cannot be run", &self.binaries.join("initdb")))?;
        if !output.status.success() {
            return Err(ManagedError::Init(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let configuration = partial.join("postgresql.conf");
        fs::File::options()
            .append(true)
            .open(&configuration)
            .and_then(|mut file| file.write_all(CONFIGURATION.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(ManagedError::io("cannot be written", &configuration))?;
        fs::rename(&partial, &self.data).map_err(ManagedError::io("cannot be renamed", &partial))?;
        let parent = self.data.parent().unwrap_or(&self.data);
        fs::File::open(parent).and_then(|file| file.sync_all()).map_err(ManagedError::io("cannot be synced", parent))
    }

    /// Removes what starts that were broken off have left, as far as it can be.
    fn clear_partial(&self) {
        let beside = self.data.parent().and_then(|parent| fs::read_dir(parent).ok());
        for entry in beside.into_iter().flatten().flatten() {
            let path = entry.path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if path.file_stem() == self.data.file_name() && extension.starts_with(PARTIAL) {
                let _ = fs::remove_dir_all(path);
            }
        }
    }

    fn spawn(&self) -> Result<Child, ManagedError> {
        let socket = self.socket.to_string_lossy().replace('"', "\"\"");
        let settings = [
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories=\"{socket}\""),
            "unix_socket_permissions=0700".to_owned(),
            format!("port={PORT}"),
            format!("max_connections={}", self.max_connections),
            "fsync=on".to_owned(),
            "full_page_writes=on".to_owned(),
            "synchronous_commit=on".to_owned(),
            "cluster_name=propolis".to_owned(),
            // Its log is ours: one line a message, in English for us to sort, without statements.
            "log_destination=stderr".to_owned(),
            "logging_collector=off".to_owned(),
            "log_line_prefix=".to_owned(),
            "log_min_error_statement=panic".to_owned(),
            "lc_messages=C".to_owned(),
        ];
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.data).stdout(Stdio::null()).stderr(Stdio::piped());
        for setting in settings {
            command.args(["-c", &setting]);
        }
        // A Ctrl-C in the terminal is for us alone; Postgres ends after the last request.
        command.process_group(0);
        die_with_parent(&mut command);
        command.spawn().map_err(ManagedError::io("cannot be run", &self.binaries.join("postgres")))
    }

    /// Gets rid of what a killed server or postmaster left, so that Postgres takes the directory.
    fn clear_leftovers(&self) -> Result<(), ManagedError> {
        let path = self.data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let pid = Pid::from_raw(first.trim().trim_start_matches('-').parse().unwrap_or(NO_PID));
        let started = Instant::now();
        let mut asked = false;
        while self.is_postmaster(pid) {
            if !asked && started.elapsed() > Duration::from_secs(2) {
                tracing::warn!(%pid, "stopping the Postgres of an earlier run");
                let _ = kill(pid, Signal::SIGINT);
                asked = true;
            }
            if started.elapsed() > STOP_LIMIT {
                return Err(ManagedError::Leftover(pid.as_raw()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // A zombie, or another process that got the pid since, as in a restarted container. Postgres
        // would take it for its predecessor. Without the file it would not look whether processes of
        // its predecessor still use the shared memory, so it stays, with a pid that is nobody's.
        if path.exists() && kill(pid, None).is_ok() {
            fs::write(&path, format!("{NO_PID}\n{rest}")).map_err(ManagedError::io("cannot be written", &path))?;
        }
        for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
            let _ = fs::remove_file(self.socket.join(name));
        }
        Ok(())
    }

    /// Whether a living process is the postmaster of this directory.
    fn is_postmaster(&self, pid: Pid) -> bool {
        let process = PathBuf::from(format!("/proc/{pid}"));
        if cfg!(target_os = "linux") {
            // A zombie's command line is empty.
            let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
            let data = self.data.as_os_str().as_encoded_bytes();
            return arguments.split(|byte| *byte == 0).any(|argument| argument == data);
        }
        kill(pid, None).is_ok()
    }

    fn is_ready(&self, child: &Child) -> bool {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        lines.next() == Some(child.id().to_string().as_str()) && lines.nth(6) == Some("ready")
    }
}

/// Lets the kernel send Postgres an orderly shutdown when the thread that started it ends, which with
/// [`Supervisor`] is when the whole process has ended.
fn die_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        let parent = nix::unistd::getpid();
        // SAFETY: between fork and exec only system calls are made, no memory is allocated.
        unsafe {
            command.pre_exec(move || {
                nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
                if nix::unistd::getppid() != parent {
                    return Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
                }
                Ok(())
            });
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// The thread that starts Postgres, starts it again, and stops it.
#[derive(Debug)]
pub struct Supervisor {
    /// Sending or dropping it stops Postgres.
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Supervisor {
    /// Returns once Postgres takes connections, however long a recovery lasts.
    pub async fn start(layout: Layout) -> Result<Self, ManagedError> {
        let (stop, stopped) = mpsc::channel();
        let (ready, started) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("postgres".into())
            .spawn(move || supervise(&layout, &stopped, ready))
            .map_err(|error| ManagedError::Start(error.to_string()))?;
        started.await.unwrap_or_else(|_| Err(ManagedError::Start("its supervisor ended".into())))?;
        Ok(Self { stop, thread })
    }

    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = tokio::task::spawn_blocking(|| self.thread.join()).await;
    }
}

/// Runs until told to stop, or until the first start fails; `ready` hears of the first start.
fn supervise(layout: &Layout, stop: &mpsc::Receiver<()>, ready: oneshot::Sender<Result<(), ManagedError>>) {
    if let Err(error) = layout.initialize() {
        let _ = ready.send(Err(error));
        return;
    }
    let began = Instant::now();
    let mut ready = Some(ready);
    let mut pause = FIRST_PAUSE;
    loop {
        let end = layout.clear_leftovers().and_then(|()| Run::start(layout)).and_then(|mut run| {
            run.watch(layout, stop, || {
                pause = FIRST_PAUSE;
                ready.take().map(|ready| ready.send(Ok(())))
            })
        });
        let Err(error) = end else { return };
        let in_use = error.to_string().contains("shared memory block") && began.elapsed() < SHARED_MEMORY_LIMIT;
        if let Some(ready) = ready.take_if(|_| !in_use) {
            let _ = ready.send(Err(error));
            return;
        }
        tracing::error!(%error, "Postgres ended by itself, starting it again");
        if !matches!(stop.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            return;
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

/// One life of a postmaster.
struct Run {
    child: Child,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Run {
    fn start(layout: &Layout) -> Result<Self, ManagedError> {
        let mut child = layout.spawn()?;
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        let reader = child.stderr.take().map(|log| {
            let last_lines = Arc::clone(&last_lines);
            std::thread::spawn(move || forward_log(BufReader::new(log), &last_lines))
        });
        Ok(Self { child, last_lines, reader })
    }

    /// Until Postgres ends: `Ok` when we stopped it, its last words when it ended by itself.
    fn watch<T>(
        &mut self,
        layout: &Layout,
        stop: &mpsc::Receiver<()>,
        mut on_ready: impl FnMut() -> T,
    ) -> Result<(), ManagedError> {
        let mut ready = false;
        let mut asked: Option<Instant> = None;
        loop {
            match self.child.try_wait() {
                Ok(None) => {}
                _ if asked.is_some() => return Ok(()),
                _ => return Err(ManagedError::Start(self.log())),
            }
            if !ready && layout.is_ready(&self.child) {
                ready = true;
                on_ready();
            }
            let pace = Duration::from_millis(if ready && asked.is_none() { 250 } else { 20 });
            match asked {
                None if !matches!(stop.recv_timeout(pace), Err(RecvTimeoutError::Timeout)) => {
                    self.signal(Signal::SIGINT);
                    asked = Some(Instant::now());
                }
                None => {}
                Some(since) => {
                    if since.elapsed() > STOP_LIMIT {
                        tracing::error!("Postgres does not end, cutting it off; the next start will recover");
                        self.signal(Signal::SIGQUIT);
                        asked = Some(Instant::now());
                    }
                    std::thread::sleep(pace);
                }
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// The last words of a Postgres that has ended.
    fn log(&mut self) -> String {
        // Backends of a killed postmaster hold the pipe, so the reader may go on for a moment.
        let deadline = Instant::now() + Duration::from_secs(1);
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        if lines.is_empty() { "it said nothing".into() } else { lines.join(" | ") }
    }
}

fn forward_log(log: impl BufRead, last_lines: &Mutex<VecDeque<String>>) {
    for line in log.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        match line.split(':').next().unwrap_or_default() {
            "FATAL" | "PANIC" => tracing::error!(target: "postgres", "{line}"),
            "WARNING" | "ERROR" => tracing::warn!(target: "postgres", "{line}"),
            _ => tracing::debug!(target: "postgres", "{line}"),
        }
        let mut last_lines = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        if last_lines.len() == 10 {
            last_lines.pop_front();
        }
        last_lines.push_back(line);
    }
}
