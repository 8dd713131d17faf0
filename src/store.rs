//! The only room that knows SQL. One file per noun; its functions take the connection or transaction they run in and
//! never open one of their own.

pub mod access_keys;
mod cache;
pub mod catalogs;
pub mod compactions;
pub mod constraints;
pub mod data_connectors;
pub mod database;
pub mod databases;
pub mod descriptors;
mod error;
pub mod events;
pub mod functions;
pub mod housekeeping;
pub mod installation;
pub mod ischemas;
pub mod locks;
pub mod managed;
pub mod measurements;
pub mod named_types;
pub mod partitions;
pub mod privileges;
pub mod programs;
pub mod properties;
pub mod resource_plans;
pub mod resources;
pub mod roles;
pub mod scheduled_queries;
pub mod schemas;
pub mod search;
pub mod statistics;
pub mod table_versions;
pub mod tables;
pub mod tags;
pub mod tokens;
mod transaction;
pub mod transactions;
pub mod users;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool, Postgres};

use self::cache::ObjectCache;
pub use self::transaction::Transaction;
use crate::error::{CatalogError, Result};
use crate::filter::NamePattern;
use crate::model::StorageDescriptor;

/// What every function of this room runs in: a pooled connection, or a transaction by deref.
pub type Connection = sqlx::PgConnection;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A connection idle for longer is tested before it is used.
const IDLE_BEFORE_PING: Duration = Duration::from_secs(2);

/// How many distinct storage descriptors are kept in memory: some kilobytes each.
const CACHED_DESCRIPTORS: u64 = 20_000;

/// The database, shared by all who hold a clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    /// Descriptors are immutable, so what is cached is never stale.
    descriptors: Cache<i64, Arc<StorageDescriptor>>,
    objects: Option<Arc<ObjectCache>>,
}

impl Store {
    /// Connects, with at most `connections` at a time. A caller waits `wait` for one, then gets Unavailable; a statement
    /// that takes longer than `longest` is cancelled by the database, also when nobody waits for it any more.
    pub async fn connect(
        options: PgConnectOptions,
        connections: u32,
        wait: Duration,
        longest: Duration,
    ) -> Result<Self> {
        // Compiling a filter of thousands of conditions takes minutes where running it takes milliseconds.
        let setup = format!("set jit = off; set statement_timeout = {}", longest.as_millis());
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(wait)
            .after_connect(move |connection, _| {
                let setup = sqlx::AssertSqlSafe(setup.clone());
                Box::pin(async move {
                    sqlx::raw_sql(setup).execute(connection).await?;
                    Ok(())
                })
            })
            // A ping before each use would double the round trips; one after a pause finds what broke meanwhile.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > IDLE_BEFORE_PING {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, descriptors: Cache::new(CACHED_DESCRIPTORS), objects: None })
    }

    /// The same store with tables and databases kept in memory. Only for a server that is the only one over its
    /// database: others' changes would not be seen.
    pub fn with_cache(self) -> Self {
        Self { objects: Some(Arc::new(ObjectCache::new())), ..self }
    }

    /// Brings the schema up to date. Safe to call from several servers at once: one does it under an advisory lock,
    /// the others wait.
    pub async fn migrate(&self) -> Result<()> {
        let mut connection = self.read().await?.detach();
        // An index over a large table takes what it takes.
        sqlx::raw_sql("set statement_timeout = 0").execute(&mut connection).await?;
        MIGRATIONS.run(&mut connection).await.map_err(|error| {
            CatalogError::internal(format!("the database's schema cannot be brought up to date: {error}"))
                .caused_by(error)
        })
    }

    /// Forgets what is cached of objects, as after changes made past this server.
    pub fn flush(&self) {
        if let Some(cache) = &self.objects {
            cache.clear();
        }
    }

    /// A connection to read with.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction to write in.
    pub async fn begin(&self) -> Result<Transaction> {
        Ok(Transaction::new(self.pool.begin().await?, self.objects.clone()))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A name pattern as statements take it: `($all or name = any($names) or name like any($like) or name ~ $regex)`.
struct NameMatch {
    all: bool,
    names: Vec<String>,
    like: Vec<String>,
    regex: Option<String>,
}

impl From<&NamePattern> for NameMatch {
    fn from(pattern: &NamePattern) -> Self {
        Self {
            all: pattern.is_all(),
            names: pattern.names(),
            like: pattern.like(),
            regex: pattern.regex().map(str::to_owned),
        }
    }
}
