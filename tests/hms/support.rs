//! A server for each test: its own database and warehouse, one Postgres for the whole run.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use propolis::auth::login::Login;
use propolis::catalog::{Rules, Service};
use propolis::config::Hive;
use propolis::hms::{self, Limits};
use propolis::store::Store;
use propolis::store::managed::{ManagedConfig, ManagedPostgres};
use propolis::vault::Vault;
use propolis::warehouse::{ObjectStoreSettings, Warehouse};
use propolis_thrift::codec::{self, CallError, Protocol};
use propolis_thrift::{AHashMap, FastStr, Method, args, methods, types};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

const TEMPLATE: &str = "propolis_template";

/// A migrated database that each test's is a copy of, in a Postgres that lives as long as the process.
fn postgres() -> &'static PgConnectOptions {
    static POSTGRES: OnceLock<PgConnectOptions> = OnceLock::new();
    POSTGRES.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        // A thread of its own: tests' runtimes end with their tests.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async move {
                let postgres = ManagedPostgres::start(&ManagedConfig::new(&data_dir())).await.unwrap();
                let options = postgres.connect_options();
                let mut admin = options.connect().await.unwrap();
                sqlx::query(AssertSqlSafe(format!("drop database if exists {TEMPLATE}")))
                    .execute(&mut admin)
                    .await
                    .unwrap();
                sqlx::query(AssertSqlSafe(format!("create database {TEMPLATE}"))).execute(&mut admin).await.unwrap();
                let store = store(options.clone().database(TEMPLATE)).await;
                store.migrate().await.unwrap();
                store.close().await;
                admin.close().await.unwrap();
                sender.send(options).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap()
    })
}

/// A folder named after this process; those of processes that are gone are removed.
fn data_dir() -> PathBuf {
    const PREFIX: &str = "propolis-test-";
    let temporary = std::env::temp_dir();
    for entry in std::fs::read_dir(&temporary).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(process) = name.strip_prefix(PREFIX)
            && !Path::new("/proc").join(process).exists()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    temporary.join(format!("{PREFIX}{}", std::process::id()))
}

async fn store(options: PgConnectOptions) -> Store {
    Store::connect(options, 8, Duration::from_secs(30), Duration::from_secs(600)).await.unwrap()
}

/// Both ends of TLS, with a certificate of their own for `localhost`.
pub fn tls() -> (TlsAcceptor, TlsConnector) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    (hms::server::tls_acceptor(&certificate, &key).unwrap(), TlsConnector::from(Arc::new(config)))
}

/// A running server. It stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub catalog: Service,
    pub warehouse: TempDir,
    shutdown: CancellationToken,
}

/// What callers have to show, for the catalog that is served.
pub type MakeLogin = Box<dyn FnOnce(&Service) -> Login + Send>;

/// What a test may change before its server starts.
pub struct Options {
    pub tls: Option<TlsAcceptor>,
    pub login: Option<MakeLogin>,
    pub limits: Limits,
    pub lock_lease: i64,
    pub event_retention: i64,
    pub max_partitions: Option<i64>,
    pub hive: Hive,
    pub table_versions_kept: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: None,
            login: None,
            limits: Limits {
                max_request: 100 << 20,
                max_answer: 2 << 30,
                max_connections: 100,
                idle_timeout: Duration::from_secs(60),
                request_timeout: Duration::from_secs(60),
                login_timeout: Duration::from_secs(60),
                shutdown_grace: Duration::from_secs(1),
            },
            lock_lease: 300,
            event_retention: 7 * 24 * 3600,
            max_partitions: None,
            hive: Hive::default(),
            table_versions_kept: 100,
        }
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let postgres = tokio::task::spawn_blocking(postgres).await.unwrap();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut admin = postgres.connect().await.unwrap();
        sqlx::query(AssertSqlSafe(format!("create database {name} template {TEMPLATE}")))
            .execute(&mut admin)
            .await
            .unwrap();
        let warehouse = tempfile::tempdir().unwrap();
        let root = warehouse.path().display().to_string();
        let rules = Rules {
            warehouse: format!("file:{root}/managed"),
            external_warehouse: format!("file:{root}/external"),
            default_owner: "propolis".to_owned(),
            table_versions_kept: options.table_versions_kept,
            lock_lease: options.lock_lease,
            event_retention: options.event_retention,
            max_partitions: options.max_partitions,
            hive: options.hive,
            max_schema_registries: 10,
        };
        let objects = Warehouse::new(ObjectStoreSettings::default()).unwrap().with_home(warehouse.path().join("home"));
        let vault = Vault::new(None, warehouse.path().join("secret.key"));
        let store = store(postgres.clone().database(&name)).await.with_cache();
        let catalog = Service::open(store, objects, vault, rules).await.unwrap();
        let server =
            hms::Server::bind(([127, 0, 0, 1], 0).into(), options.tls, options.limits, catalog.clone()).await.unwrap();
        let server = match options.login {
            Some(login) => server.with_login(login(&catalog)),
            None => server,
        };
        let address = server.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(server.run(shutdown.clone()));
        Self { address, catalog, warehouse, shutdown }
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address, Protocol::Binary, true).await
    }

    pub fn folder(&self, path: &str) -> PathBuf {
        self.warehouse.path().join(path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A plain Thrift client.
pub struct Client {
    pub stream: TcpStream,
    protocol: Protocol,
    framed: bool,
    seq: i32,
}

impl Client {
    pub async fn connect(address: SocketAddr, protocol: Protocol, framed: bool) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), protocol, framed, seq: 0 }
    }

    /// For a connection on which frames follow.
    pub fn over(stream: TcpStream) -> Self {
        Self { stream, protocol: Protocol::Binary, framed: true, seq: 0 }
    }

    pub async fn call<M: Method>(&mut self, args: M::Args) -> Result<M::Ok, CallError> {
        self.seq += 1;
        let message = codec::encode_call(self.protocol, self.seq, &M::request(args)).unwrap().into_bytes();
        self.send(&message).await;
        self.result::<M>().await
    }

    pub async fn send(&mut self, message: &[u8]) {
        if self.framed {
            self.stream.write_all(&(message.len() as u32).to_be_bytes()).await.unwrap();
        }
        self.stream.write_all(message).await.unwrap();
    }

    pub async fn result<M: Method>(&mut self) -> Result<M::Ok, CallError> {
        if self.framed {
            let length = self.stream.read_u32().await.expect("the server closed the connection");
            let mut reply = vec![0; length as usize];
            self.stream.read_exact(&mut reply).await.unwrap();
            return codec::decode_result::<M>(self.protocol, reply.into());
        }
        // Without frames a reply ends where it can be decoded: good enough for a client that waits for each.
        let mut reply = BytesMut::new();
        loop {
            let read = self.stream.read_buf(&mut reply).await.unwrap();
            let result = codec::decode_result::<M>(self.protocol, Bytes::copy_from_slice(&reply));
            if !matches!(result, Err(CallError::Malformed(_))) {
                return result;
            }
            assert!(read > 0, "the server closed the connection");
        }
    }

    pub async fn create_database(&mut self, name: &str) {
        let database = types::Database { name: text(name), ..Default::default() };
        self.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(database) }).await.unwrap();
    }

    pub async fn create_table(&mut self, table: types::Table) {
        self.call::<methods::CreateTable>(args::CreateTable { tbl: Some(table) }).await.unwrap();
    }

    pub async fn get_table(&mut self, database: &str, table: &str) -> Result<types::Table, CallError> {
        self.call::<methods::GetTable>(args::GetTable { dbname: text(database), tbl_name: text(table) }).await
    }
}

/// Settings by Hive's names.
pub fn hive(given: &[(&'static str, &str)]) -> Hive {
    Hive::new(given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

pub fn text(text: &str) -> Option<FastStr> {
    Some(FastStr::new(text))
}

pub fn texts(texts: &[&str]) -> Vec<FastStr> {
    texts.iter().map(FastStr::new).collect()
}

pub fn columns(columns: &[(&str, &str)]) -> Vec<types::FieldSchema> {
    columns
        .iter()
        .map(|(name, kind)| types::FieldSchema { name: text(name), r#type: text(kind), comment: None })
        .collect()
}

pub fn map(pairs: &[(&str, &str)]) -> AHashMap<FastStr, FastStr> {
    pairs.iter().map(|(key, value)| (FastStr::new(key), FastStr::new(value))).collect()
}

/// A managed table with the least that the metastore asks for.
pub fn table(database: &str, name: &str, fields: &[(&str, &str)], keys: &[(&str, &str)]) -> types::Table {
    types::Table {
        db_name: text(database),
        table_name: text(name),
        sd: Some(types::StorageDescriptor {
            cols: Some(columns(fields)),
            serde_info: Some(types::SerDeInfo::default()),
            ..Default::default()
        }),
        partition_keys: Some(columns(keys)),
        ..Default::default()
    }
}

/// Asserts that a call threw this exception, and gives its message.
#[track_caller]
pub fn thrown<T: std::fmt::Debug>(result: Result<T, CallError>, kind: propolis_thrift::ExceptionKind) -> String {
    match result {
        Err(CallError::Exception(exception)) if exception.kind() == kind => exception.message().to_owned(),
        other => panic!("{kind:?} expected, not {other:?}"),
    }
}
