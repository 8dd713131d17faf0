//! `propolis migrate`: the schema alone, for those who upgrade the database before the servers.

use std::process::ExitCode;

use super::Failure;
use crate::config::Settings;
use crate::store::database::Database;

pub async fn run(settings: Settings) -> Result<ExitCode, Failure> {
    let database = Database::open(&settings).await?;
    let outcome = migrate(&settings, &database).await;
    let name = database.name().to_owned();
    database.stop().await;
    outcome?;
    println!("The database {name} is up to date.");
    Ok(ExitCode::SUCCESS)
}

async fn migrate(settings: &Settings, database: &Database) -> Result<(), Failure> {
    database.store(settings).await?.close().await;
    Ok(())
}
