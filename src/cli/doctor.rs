//! `propolis doctor`: what would keep `serve` from working, each with what to do.

mod logins;

use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;
use url::Url;

use super::Failure;
use crate::config::{Loaded, Settings, SettingsError};
use crate::store::database::{Database, DatabaseError, Inspection, Schema};
use crate::store::managed::running_server;
use crate::warehouse::{Location, Warehouse};

/// A file that is made and removed again, to see that it can be.
const TRIAL: &str = "_propolis_doctor";

/// What was found to be so, or what is wrong and what to do.
type Check = Result<String, String>;

pub fn settings_are_wrong(error: &SettingsError) -> ExitCode {
    for problem in &error.0 {
        print("settings", &Err(problem.to_string()));
    }
    println!("\nThe rest was not checked, since it depends on the settings.");
    ExitCode::FAILURE
}

pub async fn run(loaded: Loaded) -> Result<ExitCode, Failure> {
    let settings = &loaded.settings;
    // Without a URL the data directory tells whether a server runs on it, which explains its ports.
    let running = settings.database_url.is_none().then(|| running_server(&settings.data_dir)).flatten();
    let mut checks = vec![("settings", Ok("all can be read".to_owned()))];
    checks.extend(loaded.warnings.iter().map(|warning| ("settings", Err(warning.clone()))));
    checks.push(("database", database(settings, running.as_deref()).await));
    checks.push(("warehouse", warehouse(settings, "warehouse", &settings.warehouse).await));
    checks.push(("external_warehouse", warehouse(settings, "external_warehouse", &settings.external_warehouse).await));
    checks.push(("thrift_addr", port("thrift_addr", settings.thrift_addr, running.as_deref()).await));
    checks.push(("http_addr", port("http_addr", settings.http_addr, running.as_deref()).await));
    checks.extend(logins::checks(settings).await);
    for (name, check) in &checks {
        print(name, check);
    }
    let wrong = checks.iter().filter(|(_, check)| check.is_err()).count();
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(name: &str, check: &Check) {
    match check {
        Ok(found) => println!("ok     {name}: {found}"),
        Err(wrong) => println!("WRONG  {name}: {wrong}"),
    }
}

async fn database(settings: &Settings, running: Option<&str>) -> Check {
    if let Some(preview) = Database::preview(settings).filter(|_| running.is_none()) {
        let postgres = preview.map_err(|error| error.to_string())?;
        return Ok(format!("Propolis' own, which the first start makes with {postgres}"));
    }
    let inspected = async {
        let database = match running {
            Some(_) => Database::of_running_server(settings),
            None => Database::open(settings).await?,
        };
        let inspection = database.inspect().await;
        let name = database.name().to_owned();
        database.stop().await;
        Ok::<_, DatabaseError>((name, inspection?))
    };
    let (name, Inspection { version, schema, .. }) = inspected.await.map_err(|error| error.to_string())?;
    let schema = match schema {
        Schema::Current => "the schema is up to date".to_owned(),
        Schema::Behind(missing) => format!("{missing} migrations will run at the next start"),
        Schema::Ahead => {
            return Err(format!("{name} was migrated by a newer Propolis; run that version, or restore a backup"));
        }
    };
    Ok(format!("{name}, Postgres {version}, {schema}"))
}

async fn warehouse(settings: &Settings, key: &str, url: &Url) -> Check {
    let tried = async {
        let warehouse = Warehouse::new(settings.object_store())?;
        let trial = Location::from_url(url)?.join(TRIAL)?;
        let made = warehouse.make_directory(&trial).await?;
        warehouse.undo(made).await;
        warehouse.exists(&trial).await
    };
    match tried.await {
        Ok(false) => Ok(format!("{url} can be written")),
        Ok(true) => {
            Err(format!("{url} can be written, but {TRIAL} could not be removed; remove it, and allow deletion"))
        }
        Err(error) => Err(format!("{error} Make it writable for the user that runs Propolis, or change {key}.")),
    }
}

async fn port(key: &str, address: SocketAddr, running: Option<&str>) -> Check {
    match (TcpListener::bind(address).await, running) {
        (Ok(_), _) => Ok(format!("{address} is free")),
        (Err(error), Some(pid)) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Ok(format!("{address} is taken, by the running server (pid {pid})"))
        }
        (Err(error), _) => Err(format!("{address} cannot be served ({error}); end what has it, or change {key}")),
    }
}
