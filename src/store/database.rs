//! The database behind the settings: one that is run by others, named by its URL, or our own.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};

use super::managed::{self, ManagedConfig, ManagedError, ManagedPostgres, OLDEST_MAJOR};
use super::{MIGRATIONS, Store};
use crate::config::Settings;
use crate::error::CatalogError;

/// Why there is no database to work with. The messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("database_url: {0}")]
    Url(sqlx::Error),
    #[error("the database {0} cannot be reached: {1}")]
    Unreachable(String, sqlx::Error),
    #[error("the database {name} is Postgres {version}, but {OLDEST_MAJOR} or newer is needed")]
    TooOld { name: String, version: String },
    #[error(
        "the database {name} has the encoding {encoding}, which does not hold every name; create one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
    )]
    Encoding { name: String, encoding: String },
    #[error(transparent)]
    Own(#[from] ManagedError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// A database that answers; when it is our own, it runs as long as this lives.
#[derive(Debug)]
pub struct Database {
    options: PgConnectOptions,
    name: String,
    own: Option<ManagedPostgres>,
}

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// As Postgres writes it: `15.18`.
    pub version: String,
    pub major: u32,
    pub encoding: String,
    pub schema: Schema,
}

/// How the database's schema stands to the one that this version knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// So many migrations will run at the next start.
    Behind(usize),
    /// A newer Propolis has been here.
    Ahead,
}

impl Database {
    /// Starts our own where no URL is set.
    pub async fn open(settings: &Settings) -> Result<Self, DatabaseError> {
        if let Some(url) = &settings.database_url {
            let options = PgConnectOptions::from_str(url.reveal()).map_err(DatabaseError::Url)?;
            let options = options.application_name("propolis");
            return Ok(Self { name: name(&options), options, own: None });
        }
        let own = ManagedPostgres::start(&managed_config(settings)).await?;
        let options = own.connect_options().application_name("propolis");
        Ok(Self { name: own_name(settings), options, own: Some(own) })
    }

    /// Our own, where another process runs it; only to look.
    pub fn of_running_server(settings: &Settings) -> Self {
        let options = managed::connect_options_of_running(&settings.data_dir);
        Self { name: own_name(settings), options, own: None }
    }

    /// Where the settings ask for our own and it has never been started: what the first start would do.
    pub fn preview(settings: &Settings) -> Option<Result<String, DatabaseError>> {
        let config = managed_config(settings);
        (settings.database_url.is_none() && !config.has_data()).then(|| Ok(managed::preview(&config)?))
    }

    /// What it is called in messages; without a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the database what it is, over a connection of its own.
    pub async fn inspect(&self) -> Result<Inspection, DatabaseError> {
        let failed = |error| DatabaseError::Unreachable(self.name.clone(), error);
        let mut connection = PgConnection::connect_with(&self.options).await.map_err(failed)?;
        let inspection = inspect(&mut connection).await.map_err(failed)?;
        let _ = connection.close().await;
        if inspection.major < OLDEST_MAJOR {
            return Err(DatabaseError::TooOld { name: self.name.clone(), version: inspection.version });
        }
        if inspection.encoding != "UTF8" {
            return Err(DatabaseError::Encoding { name: self.name.clone(), encoding: inspection.encoding });
        }
        Ok(inspection)
    }

    /// Checks that the database fits, connects the pool, and brings the schema up to date.
    pub async fn store(&self, settings: &Settings) -> Result<Store, DatabaseError> {
        self.inspect().await?;
        let store = Store::connect(
            self.options.clone(),
            settings.database_pool_size,
            settings.database_timeout,
            settings.thrift_request_timeout,
        )
        .await?;
        store.migrate().await?;
        // Our own is nobody else's.
        Ok(if self.own.is_some() { store.with_cache() } else { store })
    }

    /// Stops our own and waits for it; others' is left alone.
    pub async fn stop(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}

async fn inspect(connection: &mut PgConnection) -> sqlx::Result<Inspection> {
    let row = sqlx::query(
        "select current_setting('server_version'), current_setting('server_version_num')::int4 / 10000, \
         pg_encoding_to_char(encoding)::text, to_regclass('_sqlx_migrations') is not null \
         from pg_database where datname = current_database()",
    )
    .fetch_one(&mut *connection)
    .await?;
    let applied: Vec<i64> = if row.try_get(3)? {
        sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(&mut *connection).await?
    } else {
        Vec::new()
    };
    Ok(Inspection {
        version: row.try_get(0)?,
        major: row.try_get::<i32, _>(1)?.unsigned_abs(),
        encoding: row.try_get(2)?,
        schema: schema(&MIGRATIONS.iter().map(|migration| migration.version).collect::<Vec<_>>(), &applied),
    })
}

fn schema(known: &[i64], applied: &[i64]) -> Schema {
    if applied.iter().any(|version| !known.contains(version)) {
        return Schema::Ahead;
    }
    match known.iter().filter(|version| !applied.contains(version)).count() {
        0 => Schema::Current,
        missing => Schema::Behind(missing),
    }
}

fn managed_config(settings: &Settings) -> ManagedConfig {
    ManagedConfig {
        data_dir: settings.data_dir.clone(),
        postgres_bin: settings.postgres_bin.clone(),
        postgres_user: settings.postgres_user.clone(),
        maven_repository: settings.maven_repository.clone(),
        pool_size: settings.database_pool_size,
    }
}

fn own_name(settings: &Settings) -> String {
    format!("in {}", settings.data_dir.display())
}

fn name(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    format!("{} on {host}", options.get_database().unwrap_or(options.get_username()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_compared() {
        assert_eq!(schema(&[1, 2], &[1, 2]), Schema::Current);
        assert_eq!(schema(&[1, 2, 3], &[1]), Schema::Behind(2));
        assert_eq!(schema(&[1, 2], &[1, 2, 3]), Schema::Ahead);
    }
}
