//! A server of both faces for each test, and a plain client of the Glue API.

use std::net::SocketAddr;
use std::time::Duration;

use propolis::auth::{Gate, Rules};
use propolis::catalog::{AccessKeys, Service};
use propolis::glue::{self, Settings};
use propolis::vault::Vault;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::hms;

pub const ACCOUNT: &str = "123456789012";

/// What a test may change before its server starts.
pub struct Options {
    pub settings: Settings,
    pub gate: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Settings {
                separate_regions: false,
                strict: false,
                first_version: 1,
                simulate_runs: false,
                max_request: 100 << 20,
                request_timeout: Duration::from_secs(60),
            },
            gate: Rules {
                account_id: ACCOUNT.to_owned(),
                region: "us-east-1".to_owned(),
                clock_skew: Some(Duration::from_secs(900)),
                loopback: true,
            },
        }
    }
}

/// A running server; it stops when dropped.
pub struct Server {
    /// The Thrift face of the same catalog.
    pub hms: hms::Server,
    pub address: SocketAddr,
    pub keys: AccessKeys,
    http: tokio::task::JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let hms = hms::Server::start().await;
        let catalog: Service = hms.catalog.clone();
        let vault = Vault::new(None, hms.warehouse.path().join("secret.key"));
        let keys = AccessKeys::new(catalog.store().clone(), vault);
        let gate = Gate::open(keys.clone(), options.gate).await.unwrap();
        let router = glue::router(catalog, gate, options.settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { hms, address, keys, http }
    }

    pub fn client(&self) -> Client {
        // Once for the process: a second time changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client { url: format!("http://{}/", self.address), http: reqwest::Client::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.http.abort();
    }
}

/// An answer that is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub status: StatusCode,
    /// The exception's name.
    pub code: String,
    pub message: String,
}

/// A client that signs nothing.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub http: reqwest::Client,
}

impl Client {
    pub async fn call(&self, operation: &str, input: Value) -> Result<Map<String, Value>, Refusal> {
        let request = self.http.post(&self.url).header("X-Amz-Target", format!("AWSGlue.{operation}"));
        answered(request.body(input.to_string()).send().await.unwrap()).await
    }

    /// A call that succeeds.
    #[track_caller]
    pub fn ok(&self, operation: &str, input: Value) -> impl Future<Output = Map<String, Value>> {
        let place = std::panic::Location::caller();
        let call = self.clone();
        let operation = operation.to_owned();
        async move {
            let answer = call.call(&operation, input).await;
            answer.unwrap_or_else(|refusal| panic!("{operation} at {place}: {refusal:?}"))
        }
    }

    /// A call that throws this exception; its message.
    #[track_caller]
    pub fn thrown(&self, operation: &str, input: Value, code: &str) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        let call = self.clone();
        let (operation, code) = (operation.to_owned(), code.to_owned());
        async move {
            match call.call(&operation, input).await {
                Err(refusal) if refusal.code == code => refusal.message,
                other => panic!("{operation} at {place}: {code} expected, not {other:?}"),
            }
        }
    }

    /// All pages of a list, put together from the member `list`.
    pub async fn pages(&self, operation: &str, mut input: Value, list: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let mut answer = self.ok(operation, input.clone()).await;
            match answer.remove(list) {
                Some(Value::Array(page)) => all.extend(page),
                other => panic!("{operation}: {list} expected, not {other:?}"),
            }
            match answer.remove("NextToken") {
                Some(token) => input["NextToken"] = token,
                None => return all,
            }
        }
    }

    pub async fn create_database(&self, name: &str) {
        self.ok("CreateDatabase", json!({ "DatabaseInput": { "Name": name } })).await;
    }
}

/// What a response says, after a look at what every response has.
pub async fn answered(response: reqwest::Response) -> Result<Map<String, Value>, Refusal> {
    let status = response.status();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/x-amz-json-1.1"));
    assert_eq!(header("x-amzn-requestid").map(|id| id.len()), Some(36));
    let error = header("x-amzn-errortype");
    let text = response.text().await.unwrap();
    let Ok(Value::Object(body)) = serde_json::from_str(&text) else { panic!("no JSON object: {text}") };
    if status == StatusCode::OK {
        assert_eq!(error, None);
        return Ok(body);
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    assert_eq!(error, Some(text("__type")));
    Err(Refusal { status, code: text("__type"), message: text("Message") })
}
