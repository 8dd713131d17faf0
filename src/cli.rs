//! The command line: the flags that every command takes, and one file a command.

mod connect;
mod doctor;
mod key;
mod migrate;
mod serve;
mod table;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Flags, Loaded, Settings};
use crate::telemetry;

/// Why a command fails; printed for whoever typed it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One data catalog for a whole data platform.
#[derive(Debug, Parser)]
#[command(name = "propolis", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: FlagArgs,
}

const AFTER_HELP: &str = "Every setting can also stand in the file (data_dir = \"…\") or in a variable \
    (PROPOLIS_DATA_DIR); a flag goes before a variable, a variable before the file.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the catalog until SIGINT or SIGTERM.
    Serve,
    /// Brings the database's schema up to date and ends. `serve` does so by itself.
    Migrate,
    /// Checks settings, database, warehouses and ports, and says what to do about what is wrong.
    Doctor,
    /// Makes, lists and disables the access keys of Glue's API.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Adds, lists and removes the users who log in on the Thrift port with a password that is kept here.
    #[command(subcommand)]
    User(user::UserCommand),
}

#[derive(Debug, Args)]
struct FlagArgs {
    /// The directory of Propolis' own Postgres and, by default, the warehouses.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data_dir: Option<String>,
    /// A Postgres 15 or newer; without one, Propolis runs its own.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where the Hive Metastore protocol is served [default: 127.0.0.1:9083].
    #[arg(long, global = true, value_name = "HOST:PORT")]
    thrift_addr: Option<String>,
    /// Where AWS Glue's API, health and metrics are served [default: 127.0.0.1:9080].
    #[arg(long, global = true, value_name = "HOST:PORT")]
    http_addr: Option<String>,
    /// Where managed tables go: a file:// or s3:// URL [default: `warehouse` under the data directory].
    #[arg(long, global = true, value_name = "URL")]
    warehouse: Option<String>,
    /// Where external tables without a location go [default: `external` under the data directory].
    #[arg(long, global = true, value_name = "URL")]
    external_warehouse: Option<String>,
    /// A TOML file of settings.
    #[arg(long, global = true, value_name = "FILE", env = "PROPOLIS_CONFIG")]
    config: Option<PathBuf>,
}

impl FlagArgs {
    fn into_flags(self) -> Flags {
        let values = [
            ("data_dir", self.data_dir),
            ("database_url", self.database_url),
            ("thrift_addr", self.thrift_addr),
            ("http_addr", self.http_addr),
            ("warehouse", self.warehouse),
            ("external_warehouse", self.external_warehouse),
        ];
        let values = values.into_iter().filter_map(|(key, text)| Some((key, text?))).collect();
        Flags { config: self.config.filter(|path| !path.as_os_str().is_empty()), values }
    }
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let loaded = Settings::load(&cli.flags.into_flags());
    let outcome = match (cli.command, loaded) {
        (Command::Doctor, Err(error)) => return doctor::settings_are_wrong(&error),
        (_, Err(error)) => Err(error.into()),
        (Command::Doctor, Ok(loaded)) => block_on(doctor::run(loaded)),
        (Command::Serve, Ok(loaded)) => with_logs(loaded, |settings| {
            let metrics = telemetry::init_metrics()?;
            block_on(serve::run(settings, metrics))
        }),
        (Command::Migrate, Ok(loaded)) => with_logs(loaded, |settings| block_on(migrate::run(settings))),
        (Command::Key(command), Ok(loaded)) => with_logs(loaded, |settings| block_on(key::run(settings, command))),
        (Command::User(command), Ok(loaded)) => with_logs(loaded, |settings| block_on(user::run(settings, command))),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("propolis: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        ExitCode::FAILURE
    })
}

fn with_logs(loaded: Loaded, run: impl FnOnce(Settings) -> Result<ExitCode, Failure>) -> Result<ExitCode, Failure> {
    telemetry::init_logs(&loaded.settings)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    run(loaded.settings)
}

fn block_on(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    // Every TLS client and server of this process takes the process-wide provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::Settings;

    #[test]
    fn every_flag_is_a_setting_and_stands_before_or_after_the_command() {
        Cli::command().debug_assert();
        let before = Cli::parse_from(["propolis", "--data-dir", "/d", "serve"]).flags.into_flags();
        let after = Cli::parse_from(["propolis", "serve", "--data-dir", "/d"]).flags.into_flags();
        assert_eq!(before.values, after.values);
        assert_eq!(after.values.get("data_dir").map(String::as_str), Some("/d"));
        for argument in Cli::command().get_arguments().filter(|argument| argument.get_id() != "config") {
            let key = argument.get_id().as_str();
            assert!(Settings::REFERENCE.iter().any(|setting| setting.key == key), "{key}");
        }
    }
}
