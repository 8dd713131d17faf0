//! From file, environment and flags to checked settings, with all problems in one error.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, Environment, File, FileFormat, Map, Source, ValueKind};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use url::Url;

use super::hive::{self, Hive};
use super::login;
use super::value::Value;
use super::{Settings, value};
use crate::model::access_key::{is_account_id, is_region};
use crate::vault::parse_key;

pub(super) const PREFIX: &str = "PROPOLIS_";

/// The settings that the command line gives, as text, and the file to read.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The settings file; its absence is an error when it is named.
    pub config: Option<PathBuf>,
    /// Key and value, such as `("data_dir", "/srv/propolis")`.
    pub values: BTreeMap<&'static str, String>,
}

/// Settings, and what in their sources had no effect.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    pub warnings: Vec<String>,
}

/// One wrong setting: its key as its source writes it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub setting: String,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.message)
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError(pub Vec<Problem>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 { "A setting is wrong:" } else { "Some settings are wrong:" })?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

pub(super) fn load(
    flags: &Flags,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Loaded, SettingsError> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let (values, hive) = layers(flags, environment, &mut problems, &mut warnings);
    let mut reader = Reader { values, flags, problems, data_dir: None, hive };
    let settings = Settings::read(&mut reader);
    let mut problems = reader.problems;
    if let Some(settings) = &settings {
        check(settings, &mut problems);
    }
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded { settings, warnings }),
        _ => Err(SettingsError(problems)),
    }
}

/// What the highest source of each setting says, with its origin.
fn layers(
    flags: &Flags,
    environment: impl Iterator<Item = (OsString, OsString)>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> (Map<String, config::Value>, Hive) {
    let mut problem = |setting: &str, message: String| problems.push(Problem { setting: setting.to_owned(), message });
    let known = |key: &str| Settings::REFERENCE.iter().any(|setting| setting.key == key);
    let mut builder = Config::builder();
    let mut section = None;

    if let Some(path) = &flags.config {
        let file = File::from(path.as_path()).format(FileFormat::Toml);
        match file_values(path, &file) {
            Err(message) => problem("--config", message),
            Ok(mut values) => {
                section = values.remove(hive::SECTION);
                for key in values.keys().filter(|key| !known(key)) {
                    let close = closest(key).map(|key| format!(" Did you mean {key}?")).unwrap_or_default();
                    problem(&format!("{key} in {}", path.display()), format!("There is no such setting.{close}"));
                }
                builder = builder.add_source(file);
            }
        }
    }

    let mut variables = Map::<String, String>::new();
    let mut hive_variables = Vec::new();
    for (name, text) in environment {
        if let Some(name) = name.to_str().filter(|name| name.starts_with(&hive::variable_prefix())) {
            hive_variables.push((name.to_owned(), text));
            continue;
        }
        let Some(key) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).map(str::to_lowercase) else {
            continue;
        };
        if known(&key) {
            match text.into_string() {
                Ok(text) => _ = variables.insert(format!("{PREFIX}{}", key.to_uppercase()), text),
                Err(_) => problem(&name.to_string_lossy(), "The value is not UTF-8.".into()),
            }
        } else if let Some(close) = closest(&key).filter(|_| key != "config") {
            // Others may use the prefix too; only what looks like a slip is worth a word.
            let close = close.to_uppercase();
            warnings.push(format!("{} is no setting and has no effect; did you mean {PREFIX}{close}?", name.display()));
        }
    }
    builder = builder
        .add_source(Environment::with_prefix(PREFIX.trim_end_matches('_')).ignore_empty(true).source(Some(variables)));

    let builder =
        flags.values.iter().try_fold(builder, |builder, (key, text)| builder.set_override(key, text.as_str()));
    let mut values = builder.and_then(|builder| builder.build()?.collect()).unwrap_or_else(|error| {
        problem("settings", error.to_string());
        Map::new()
    });
    let given = hive::collect(section, &hive_variables, |setting, message| problem(&setting, message));
    for (key, value, setting) in given.settings {
        if values.contains_key(key) {
            problem(&setting, format!("{key} is set too, which is the same: give one of them."));
        } else if let Some(value) = value {
            values.insert(key.to_owned(), config::Value::new(Some(&setting), value));
        }
    }
    (values, Hive::new(given.values))
}

fn file_values(path: &Path, file: &impl Source) -> Result<Map<String, config::Value>, String> {
    if let Err(error) = std::fs::File::open(path) {
        return Err(format!("The settings file {} cannot be read: {error}", path.display()));
    }
    match file.collect() {
        Ok(values) => Ok(values),
        Err(error) => Err(format!("The settings file is not TOML: {error}")),
    }
}

/// The setting that an unknown key most likely means.
fn closest(key: &str) -> Option<&'static str> {
    closest_of(key, Settings::REFERENCE.iter().map(|setting| setting.key), 3)
}

/// The nearest of some names, if it is no further than `most` letters away.
pub(super) fn closest_of<'a>(key: &str, names: impl Iterator<Item = &'a str>, most: usize) -> Option<&'a str> {
    let nearest = names.map(|name| (distance(key, name), name)).min();
    nearest.filter(|(distance, _)| *distance <= most).map(|(_, name)| name)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Reads one setting after the other and collects what is wrong.
pub(super) struct Reader<'a> {
    values: Map<String, config::Value>,
    flags: &'a Flags,
    problems: Vec<Problem>,
    data_dir: Option<PathBuf>,
    pub(super) hive: Hive,
}

impl Reader<'_> {
    /// The value of `key`, or `None` when it is wrong.
    pub(super) fn value<T: Value>(&mut self, key: &'static str, default: &str) -> Option<T> {
        let (text, setting) = match self.values.remove(key) {
            None => (self.default(key, default), key.to_owned()),
            Some(found) => {
                let setting = if self.flags.values.contains_key(key) {
                    format!("--{}", key.replace('_', "-"))
                } else if found.origin() == Some("the environment") {
                    format!("{PREFIX}{}", key.to_uppercase())
                } else if let Some(name) = found.origin().filter(|origin| hive::is_origin(origin)) {
                    name.to_owned()
                } else {
                    let file = self.flags.config.as_deref().unwrap_or(Path::new("the file"));
                    format!("{key} in {}", file.display())
                };
                let text = match found.kind {
                    ValueKind::Array(items) if T::LIST => {
                        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                    }
                    ValueKind::Table(_) | ValueKind::Array(_) => {
                        self.problem(setting, "One value is expected, not a table or a list.".into());
                        return None;
                    }
                    value => value.to_string(),
                };
                match text.trim() {
                    "" => (self.default(key, default), setting),
                    text => (text.to_owned(), setting),
                }
            }
        };
        if text.is_empty() {
            let absent = T::absent();
            if absent.is_none() {
                self.problem(setting, "A value is needed.".into());
            }
            return absent;
        }
        match T::parse(&text) {
            Ok(value) => {
                if key == "data_dir" {
                    self.data_dir = std::path::absolute(&text).ok();
                }
                Some(value)
            }
            Err(expected) if T::SECRET => {
                self.problem(setting, format!("Its value is wrong: {expected}."));
                None
            }
            Err(expected) => {
                self.problem(setting, format!("{text:?} is wrong: {expected}."));
                None
            }
        }
    }

    fn problem(&mut self, setting: String, message: String) {
        self.problems.push(Problem { setting, message });
    }

    /// The default that stands in the reference, or the one that depends on the machine.
    fn default(&self, key: &str, default: &str) -> String {
        let path_under_data = |name: &str| self.data_dir.as_ref().map(|directory| directory.join(name));
        let under_data = |name: &str| Url::from_file_path(path_under_data(name)?).ok().map(String::from);
        match key {
            "data_dir" => default_data_dir(),
            // Without a data directory there is a problem already; anything that reads will do.
            "warehouse" => under_data("warehouse").unwrap_or_else(|| "file:///".into()),
            "external_warehouse" => under_data("external").unwrap_or_else(|| "file:///".into()),
            "secret_key_file" => {
                path_under_data("secret.key").map_or_else(|| "/".into(), |path| path.to_string_lossy().into_owned())
            }
            _ => default.to_owned(),
        }
    }
}

/// A home directory is closed to the user that Postgres runs as for root, so root gets another place.
fn default_data_dir() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if nix::unistd::geteuid().is_root() {
        return "/var/lib/propolis".into();
    }
    let data = variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| format!("{home}/.local/share")));
    data.map(|data| format!("{data}/propolis")).unwrap_or_default()
}

/// What no single value shows.
fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    let mut problem = |setting: &str, message: &str| {
        problems.push(Problem { setting: setting.into(), message: message.into() });
    };
    for (key, url) in [("warehouse", &settings.warehouse), ("external_warehouse", &settings.external_warehouse)] {
        match (url.scheme(), url.host_str()) {
            ("file", None) if url.path().len() > 1 => {}
            ("file", _) => problem(key, "A file URL needs three slashes and a directory: `file:///srv/warehouse`."),
            ("s3" | "s3a", Some(_)) => {}
            ("s3" | "s3a", None) => problem(key, "The URL names no bucket: give `s3://bucket/prefix`."),
            _ => problem(key, "Propolis makes directories under `file:///`, `s3://` and `s3a://` only."),
        }
    }
    if let Some(url) = &settings.database_url {
        match Url::parse(url.reveal()) {
            Ok(url) if matches!(url.scheme(), "postgres" | "postgresql") => {}
            _ => problem(
                "database_url",
                "Give a URL such as `postgres://user:password@host:5432/database`; special characters in the password are percent-encoded.",
            ),
        }
    }
    if let Some(url) = &settings.maven_repository
        && !matches!(url.scheme(), "https" | "http" | "file")
    {
        problem("maven_repository", "Give an `https://` or a `file://` URL.");
    }
    if let Some(url) = &settings.s3_endpoint
        && !matches!(url.scheme(), "https" | "http")
    {
        problem("s3_endpoint", "Give an `https://` or an `http://` URL.");
    }
    if settings.s3_access_key.is_some() != settings.s3_secret_key.is_some() {
        problem("s3_access_key", "s3_access_key and s3_secret_key belong together: set both or neither.");
    }
    if settings.tls_cert.is_some() != settings.tls_key.is_some() {
        problem("tls_cert", "tls_cert and tls_key belong together: set both or neither.");
    }
    for (key, file) in [("tls_cert", &settings.tls_cert), ("tls_key", &settings.tls_key)] {
        if let Some(Err(error)) = file.as_ref().map(std::fs::File::open) {
            problem(key, &format!("The file cannot be read: {error}."));
        }
    }
    if settings.thrift_addr == settings.http_addr && settings.thrift_addr.port() != 0 {
        problem("http_addr", "thrift_addr and http_addr are the same; each needs its own port.");
    }
    const JAVA_ARRAY: value::ByteSize = value::ByteSize(2 << 30);
    for (key, size) in
        [("thrift_max_request", settings.thrift_max_request), ("thrift_max_answer", settings.thrift_max_answer)]
    {
        if size > JAVA_ARRAY {
            problem(key, "Thrift's sizes are signed 32-bit numbers: give at most `2GiB`.");
        }
    }
    check_glue(settings, &mut problem);
    login::check(settings, &mut problem);
    // The filter's own reading takes any word for the name of a part, and then logs nothing.
    let wrong = |directive: &str| !directive.contains('=') && directive.parse::<LevelFilter>().is_err();
    if settings.log_level.split(',').any(wrong) || EnvFilter::try_new(&settings.log_level).is_err() {
        problem(
            "log_level",
            "Give `error`, `warn`, `info`, `debug` or `trace`, or by part `info,propolis::hms=debug`.",
        );
    }
}

const LONGEST_SKEW: Duration = Duration::from_secs(7 * 24 * 3600);

fn check_glue(settings: &Settings, problem: &mut impl FnMut(&str, &str)) {
    if !is_account_id(&settings.glue_account_id) {
        problem("glue_account_id", "An account is 12 digits.");
    }
    if !is_region(&settings.glue_region) {
        problem("glue_region", "A region is up to 63 letters, digits and hyphens, such as `us-east-1`.");
    }
    if settings.glue_clock_skew.0.is_some_and(|skew| skew > LONGEST_SKEW) {
        problem("glue_clock_skew", "Give at most `7d`, or `0s` for any time.");
    }
    if settings.secret_key.as_ref().is_some_and(|key| parse_key(key.reveal()).is_none()) {
        problem("secret_key", "Give 32 bytes as Base64, as `openssl rand -base64 32` makes them.");
    }
    if settings.glue_first_version > 1 {
        problem("glue_first_version", "Give `0` or `1`.");
    }
    let origin = |text: &String| match Url::parse(text) {
        Ok(url) => url.origin().ascii_serialization() == *text,
        Err(_) => text == "*",
    };
    if !settings.glue_cors_origins.iter().all(origin) {
        problem(
            "glue_cors_origins",
            "An origin is a scheme, a host and a port that is not the usual one, with no slash at the end: `https://console.example.org`.",
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (OsString, OsString)> {
        pairs.iter().map(|(k, v)| (k.into(), v.into())).collect::<Vec<_>>().into_iter()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn problems(flags: &Flags, variables: &[(&str, &str)]) -> Vec<String> {
        load(flags, environment(variables)).unwrap_err().0.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn defaults_are_complete() {
        let flags = Flags { values: [("data_dir", "/srv/p".to_owned())].into(), ..Flags::default() };
        let settings = load(&flags, environment(&[])).unwrap().settings;
        assert_eq!(settings.thrift_addr.to_string(), "127.0.0.1:9083");
        assert_eq!(settings.warehouse.as_str(), "file:///srv/p/warehouse");
        assert_eq!(settings.external_warehouse.as_str(), "file:///srv/p/external");
        assert_eq!(settings.thrift_max_request, value::ByteSize(100 << 20));
        assert_eq!(settings.event_retention, Duration::from_secs(7 * 24 * 3600));
        assert_eq!(settings.database_url, None);
        assert_eq!(settings.secret_key_file, Path::new("/srv/p/secret.key"));
        assert_eq!(settings.glue_clock_skew, value::Tolerance(Some(Duration::from_secs(900))));
    }

    #[test]
    fn flags_go_before_the_environment_and_that_before_the_file() {
        let file = file(
            "database_pool_size = 7\nlog_format = \"json\"\nlock_lease = \"1m\"\nadmin_users = [\"ann\", \"bob\"]\n",
        );
        let flags =
            Flags { config: Some(file.path().to_owned()), values: [("http_addr", "127.0.0.1:1".to_owned())].into() };
        let variables =
            [("PROPOLIS_HTTP_ADDR", "127.0.0.1:2"), ("PROPOLIS_LOCK_LEASE", "2m"), ("PROPOLIS_LOG_LEVEL", "")];
        let settings = load(&flags, environment(&variables)).unwrap().settings;
        assert_eq!(settings.http_addr.port(), 1);
        assert_eq!(settings.lock_lease, Duration::from_secs(120));
        assert_eq!(settings.database_pool_size, 7);
        assert_eq!(settings.admin_users, ["ann", "bob"]);
        assert_eq!(settings.log_format, value::LogFormat::Json);
        assert_eq!(settings.log_level, "info", "an empty variable is as good as none");
    }

    #[test]
    fn all_problems_are_told_with_their_settings_and_sources() {
        let file = file("thrift_adr = \"x\"\nlock_lease = 5\n[s3_region]\na = 1\n");
        let flags = Flags {
            config: Some(file.path().to_owned()),
            values: [("thrift_addr", "nowhere".to_owned()), ("warehouse", "warehouse".to_owned())].into(),
        };
        let problems = problems(&flags, &[("PROPOLIS_DATABASE_POOL_SIZE", "0")]);
        let path = file.path().display().to_string();
        for start in [
            format!("thrift_adr in {path}: There is no such setting. Did you mean thrift_addr?"),
            format!("lock_lease in {path}: \"5\" is wrong: give a time"),
            format!("s3_region in {path}: One value is expected"),
            "--thrift-addr: \"nowhere\" is wrong: give HOST:PORT".into(),
            "--warehouse: \"warehouse\" is wrong: give a URL".into(),
            "PROPOLIS_DATABASE_POOL_SIZE: \"0\" is wrong: give a whole number".into(),
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(&start)), "{start}\n{problems:#?}");
        }
        assert_eq!(problems.len(), 6, "{problems:#?}");
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let variables = [
            ("PROPOLIS_S3_ACCESS_KEY", "k"),
            ("PROPOLIS_TLS_CERT", "/nonexistent.pem"),
            ("PROPOLIS_WAREHOUSE", "hdfs://nn/w"),
            ("PROPOLIS_DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("PROPOLIS_THRIFT_MAX_ANSWER", "3GiB"),
            ("PROPOLIS_HTTP_ADDR", "127.0.0.1:9083"),
            ("PROPOLIS_LOG_LEVEL", "loud"),
            ("PROPOLIS_GLUE_ACCOUNT_ID", "12345678901"),
            ("PROPOLIS_GLUE_REGION", "eu_central"),
            ("PROPOLIS_GLUE_FIRST_VERSION", "2"),
            ("PROPOLIS_GLUE_CLOCK_SKEW", "8d"),
            ("PROPOLIS_GLUE_CORS_ORIGINS", "https://a.example.org, https://a.example.org/"),
            ("PROPOLIS_SECRET_KEY", "hunter2"),
        ];
        let problems = problems(&Flags::default(), &variables);
        assert_eq!(problems.len(), 14, "{problems:#?}");
        assert!(!problems.concat().contains("hunter2"));
    }

    #[test]
    fn a_tolerance_may_be_without_end() {
        let settings = load(&Flags::default(), environment(&[("PROPOLIS_GLUE_CLOCK_SKEW", "0s")])).unwrap().settings;
        assert_eq!(settings.glue_clock_skew, value::Tolerance(None));
        let wrong = problems(&Flags::default(), &[("PROPOLIS_GLUE_CLOCK_SKEW", "10")]);
        assert!(wrong[0].contains("at least `1s`") && wrong[0].contains("or `0s`"), "{wrong:?}");
    }

    #[test]
    fn a_missing_or_broken_file_is_an_error() {
        let missing = Flags { config: Some("/nonexistent/propolis.toml".into()), ..Flags::default() };
        assert!(problems(&missing, &[])[0].starts_with("--config: The settings file /nonexistent/propolis.toml"));
        let file = file("data_dir = ");
        let broken = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
        assert!(problems(&broken, &[])[0].starts_with("--config: The settings file is not TOML"));
    }

    #[test]
    fn slips_in_variables_are_warned_of_and_others_left_alone() {
        let loaded =
            load(&Flags::default(), environment(&[("PROPOLIS_DATADIR", "/x"), ("PROPOLIS_MATRIX", "full")])).unwrap();
        assert_eq!(
            loaded.warnings,
            ["PROPOLIS_DATADIR is no setting and has no effect; did you mean PROPOLIS_DATA_DIR?"]
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let variables = [
            ("PROPOLIS_DATABASE_URL", "postgres://u:hunter2@h/d"),
            ("PROPOLIS_S3_ACCESS_KEY", "k"),
            ("PROPOLIS_S3_SECRET_KEY", "hunter2"),
        ];
        let settings = load(&Flags::default(), environment(&variables)).unwrap().settings;
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.s3_secret_key.unwrap().reveal(), "hunter2");
    }
}
