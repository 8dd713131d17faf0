//! Hive's own tests of its metastore client, from the jars that Apache publishes, against Propolis.
//!
//! `clients/hive-suites` has a folder for each release: which classes run and what settings of the server each assumes
//! (`classes.tsv`), what no server outside of the tests' process can be judged by (`excluded.txt`), what fails and why
//! (`expected.txt`), and small classes that stand before Hive's own helpers, so that those start no server.

use std::collections::{HashMap, HashSet};
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::metastore::Metastore;
use crate::{cache, java, maven, python};

/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(420);

/// What Hadoop and Mockito look into on the Java that they run on.
const OPENED: [&str; 12] = [
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.reflect",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.regex",
    "java.base/sun.nio.ch",
    "java.sql/java.sql",
];

/// What the tests of transactions want of the server's database before each of them.
const NO_TRANSACTIONS: &str =
    "truncate transactions, locks restart identity cascade; update transaction_counter set last = 0";

/// A release of Hive whose tests run.
#[derive(Debug, Clone, Copy)]
pub struct Suite {
    pub release: &'static str,
    /// Whether it knows one warehouse for all tables, as Hive did before 4.0.
    pub one_warehouse: bool,
}

impl Suite {
    /// The settings that its classes want, in the order of the list.
    pub fn profiles(&self) -> Result<Vec<String>> {
        let mut profiles: Vec<String> = Vec::new();
        for (profile, _) in self.classes()? {
            if !profiles.contains(&profile) {
                profiles.push(profile);
            }
        }
        Ok(profiles)
    }

    /// Runs the classes of a profile in one process, against a server of their own; an error that lists what failed.
    pub fn run(&self, profile: &str) -> Result<()> {
        let name = format!("hive_{}_{profile}", self.release);
        let work = tempfile::Builder::new().prefix("suite-").tempdir()?;
        let (warehouse, mut external) = (work.path().join("warehouse"), work.path().join("external"));
        if self.one_warehouse {
            external.clone_from(&warehouse);
        }
        let url = |folder: &Path| -> Result<String> {
            fs::create_dir_all(folder)?;
            Ok(format!("file://{}", folder.display()))
        };
        let (warehouse, external) = (url(&warehouse)?, url(&external)?);
        let config = work.path().join("propolis.toml");
        fs::write(&config, settings(profile)?)?;
        let metastore = Metastore::start_with(&format!("{name}-server"), |command| {
            command.env("HOME", work.path()).arg("--config").arg(&config);
            command.args(["--warehouse", &warehouse, "--external-warehouse", &external]);
        })?;

        let log = cache::log_file(&name)?;
        let logging = work.path().join("log4j2.properties");
        fs::write(&logging, LOGGING)?;
        let classes: Vec<String> =
            self.classes()?.into_iter().filter(|(of, _)| of == profile).map(|(_, class)| class).collect();
        let home = java::home("Hive's tests", 17..=23)?;
        let mut command = Command::new(home.join("bin/java"));
        // With assertions, as Maven runs tests: some count on those in the client.
        command.args(["-Xmx1g", "-ea", "-Djava.security.manager=allow"]);
        command.args(OPENED.map(|package| format!("--add-opens={package}=ALL-UNNAMED")));
        for (property, value) in [
            // Tests empty the trash, which lies there.
            ("user.home", work.path().display().to_string()),
            ("java.io.tmpdir", work.path().display().to_string()),
            ("test.tmp.dir", work.path().display().to_string()),
            ("build.dir", work.path().display().to_string()),
            ("derby.stream.error.file", work.path().join("derby.log").display().to_string()),
            ("log4j2.disable.jmx", "true".to_owned()),
            ("log4j2.configurationFile", format!("file:{}", logging.display())),
            ("log4j.configurationFile", format!("file:{}", logging.display())),
            ("suite.uri", metastore.uri.clone()),
            ("suite.warehouse", warehouse.clone()),
            ("suite.warehouse.external", external.clone()),
            ("suite.excluded", self.tests("excluded.txt")?.join(",")),
            ("metastore.thrift.uris", metastore.uri.clone()),
            ("hive.metastore.uris", metastore.uri.clone()),
            ("metastore.warehouse.dir", warehouse.clone()),
            ("metastore.warehouse.external.dir", external.clone()),
            ("hive.metastore.warehouse.external.dir", external.clone()),
            // Else a client from before catalogs shuffles addresses in a way that Java 9 and newer refuse.
            ("metastore.thrift.uri.selection", "SEQUENTIAL".to_owned()),
            ("hive.metastore.uri.selection", "SEQUENTIAL".to_owned()),
            ("metastore.client.socket.timeout", "30s".to_owned()),
            ("hive.metastore.client.socket.timeout", "30s".to_owned()),
        ] {
            command.arg(format!("-D{property}={value}"));
        }
        command.arg("-cp").arg(self.class_path(&home)?).arg("suite.RunClasses").args(&classes);
        let mut child = command
            .current_dir(work.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("cannot run Java")?;
        let mut report = Report::new(&name, self.tests("expected.txt")?);
        let outcome = report.follow(&mut child, &metastore);
        child.kill()?;
        child.wait()?;
        outcome.with_context(|| format!("the log is {}", log.display()))?;
        report.conclude(classes.len(), &log)
    }

    fn file(&self, name: &str) -> PathBuf {
        folder().join(self.release).join(name)
    }

    /// The classes to run, each after its profile.
    fn classes(&self) -> Result<Vec<(String, String)>> {
        let pair = |line: &String| {
            let (profile, class) = line.split_once('\t').with_context(|| format!("{line:?} has no tab"))?;
            Ok((profile.to_owned(), class.to_owned()))
        };
        lines(&self.file("classes.tsv"))?.iter().map(pair).collect()
    }

    /// The tests that a file names: `Class.test`, and why behind `#`.
    fn tests(&self, name: &str) -> Result<Vec<String>> {
        lines(&self.file(name))
    }

    /// The stand-ins, and what the tests run with.
    fn class_path(&self, home: &Path) -> Result<OsString> {
        let list = lines(&self.file("jars.txt"))?;
        let jars = cache::once(&format!("hive-{}", self.release), &stamp(self.release, &list), |folder| {
            maven::get_all(folder, &list)
        })?;
        let mut path = list.iter().map(|jar| Ok(jars.join(maven::file_name(jar)?))).collect::<Result<Vec<_>>>()?;
        let mut sources = Vec::new();
        java_files(&folder().join("src"), &mut sources)?;
        java_files(&self.file("src"), &mut sources)?;
        let texts = sources.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
        let classes = cache::once(&format!("hive-suite-{}", self.release), &stamp(self.release, &texts), |folder| {
            python::run(
                Command::new(home.join("bin/javac"))
                    .args(["-nowarn", "-Xlint:none", "-cp"])
                    .arg(env::join_paths(&path)?)
                    .arg("-d")
                    .arg(folder)
                    .args(&sources),
            )
        })?;
        path.insert(0, classes);
        Ok(env::join_paths(path)?)
    }
}

/// Only what goes wrong, to the errors.
const LOGGING: &str = "status = error
appender.c.type = Console
appender.c.name = c
appender.c.target = SYSTEM_ERR
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d %p [%t] %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.c.ref = c
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/hive-suites")
}

/// The lines of a file, without those that say nothing and what follows `#`.
fn lines(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let said = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Ok(said.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The release, and what tells other content from this.
fn stamp(release: &str, content: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("Hive {release} {:016x}", hasher.finish())
}

fn java_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            java_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "java") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// The server's configuration file: what all profiles have, and what this one has.
fn settings(profile: &str) -> Result<String> {
    let path = folder().join("profiles.json");
    let profiles: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let of = |name: &str| {
        let found = profiles.get(name).and_then(Value::as_object);
        found.with_context(|| format!("{} has no profile {name}", path.display()))
    };
    let mut all = of("default")?.clone();
    all.extend(of(profile)?.clone());
    // Strings of JSON are strings of TOML.
    let settings: Vec<String> = all.iter().map(|(name, value)| format!("{:?} = {value}\n", name)).collect();
    Ok(format!("shutdown_grace = \"1s\"\n[hive]\n{}", settings.concat()))
}

/// What the classes of a profile did.
struct Report<'a> {
    name: &'a str,
    /// Tests that are known to fail.
    expected: HashSet<String>,
    class: Class,
    ended: usize,
    passed: usize,
    failed_as_expected: usize,
    skipped: usize,
    failures: Vec<String>,
}

/// What the class that runs has done so far.
struct Class {
    name: String,
    began: Instant,
    planned: Vec<String>,
    /// Of each test that ended, `pass`, `fail` or `skip`, and why. That of the class itself is named `(class)`.
    results: HashMap<String, (String, String)>,
}

impl Class {
    /// A class by its full name.
    fn new(name: &str) -> Class {
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        Class { name, began: Instant::now(), planned: Vec::new(), results: HashMap::new() }
    }
}

impl<'a> Report<'a> {
    fn new(name: &'a str, expected: Vec<String>) -> Self {
        let expected = expected.into_iter().collect();
        let class = Class::new("");
        Report { name, expected, class, ended: 0, passed: 0, failed_as_expected: 0, skipped: 0, failures: Vec::new() }
    }

    /// Reads what the process says until it ends.
    fn follow(&mut self, child: &mut Child, metastore: &Metastore) -> Result<()> {
        let output = BufReader::new(child.stdout.take().context("the tests have no output")?);
        let mut input = child.stdin.take().context("the tests have no input")?;
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        loop {
            let line = match lines.recv_timeout(LIMIT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => bail!("{} has not gone on for {LIMIT:?}", self.class.name),
            };
            match line.split('\t').collect::<Vec<_>>()[..] {
                ["class", name] => self.class = Class::new(name),
                ["planned", test] => self.class.planned.push(test.to_owned()),
                ["result", test, result, why] => {
                    self.class.results.insert(test.to_owned(), (result.to_owned(), why.to_owned()));
                }
                ["end", _] => self.end(),
                ["reset", troubles] => {
                    eprintln!("{}: not all could be dropped before {}: {troubles}", self.name, self.class.name)
                }
                ["reset-transactions"] => {
                    metastore.execute(NO_TRANSACTIONS)?;
                    writeln!(input, "done")?;
                }
                _ => bail!("the tests say {line:?}"),
            }
        }
    }

    /// Counts and tells what the class that ended did.
    fn end(&mut self) {
        let (mut passed, mut as_expected, mut skipped, mut failed) = (0, 0, 0, 0);
        let of_class = self.class.results.get("(class)").cloned();
        let mut tests = self.class.planned.clone();
        if of_class.is_some() && tests.iter().all(|test| self.class.results.contains_key(test)) {
            tests.push("(class)".to_owned());
        }
        for test in tests {
            let name = format!("{}.{test}", self.class.name);
            let (result, why) = match self.class.results.get(&test).or(of_class.as_ref()) {
                Some((result, why)) => (result.as_str(), why.as_str()),
                None => ("fail", "it did not run"),
            };
            match (result, self.expected.contains(&name)) {
                ("pass", known) => {
                    passed += 1;
                    if known {
                        eprintln!("{}: {name} passes, and expected.txt says that it fails", self.name);
                    }
                }
                ("skip", _) => skipped += 1,
                (_, true) => as_expected += 1,
                (_, false) => {
                    failed += 1;
                    self.failures.push(format!("FAIL {name}: {why}"));
                }
            }
        }
        eprintln!(
            "{} {}: {} in {:.0?}",
            self.name,
            self.class.name,
            counts(passed, failed, as_expected, skipped),
            self.class.began.elapsed()
        );
        self.ended += 1;
        self.passed += passed;
        self.failed_as_expected += as_expected;
        self.skipped += skipped;
    }

    fn conclude(self, classes: usize, log: &Path) -> Result<()> {
        let total = counts(self.passed, self.failures.len(), self.failed_as_expected, self.skipped);
        if self.ended < classes {
            bail!("it broke off in {} after {total}; the log is {}", self.class.name, log.display());
        }
        if !self.failures.is_empty() {
            bail!("{total}; the log is {}\n{}", log.display(), self.failures.join("\n"));
        }
        eprintln!("{}: {total}", self.name);
        Ok(())
    }
}

fn counts(passed: usize, failed: usize, as_expected: usize, skipped: usize) -> String {
    let mut text = format!("{passed} passed, {failed} failed");
    for (count, what) in [(as_expected, "failed as expected"), (skipped, "skipped")] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text
}
