//! Requests over HTTP: JSON 1.1, as the SDKs of AWS speak it. `POST /`, the operation in a header, JSON in and out.

mod unpack;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::post;
use futures::FutureExt;
use propolis_glue_api::{Limits, OperationInfo, operation};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::call::Call;
use super::error::{Exception, Failure, Result};
use super::ops;
use crate::auth::{Gate, Identity};
use crate::catalog::Service;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
const TARGET: &str = "x-amz-target";
const TARGET_PREFIX: &str = "AWSGlue.";

/// What an operator decides about this face.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether each account and region has a tree of its own.
    pub separate_regions: bool,
    /// Whether AWS's own limits hold.
    pub strict: bool,
    /// The VersionId of a new table.
    pub first_version: i64,
    /// Whether runs that nothing carries out are recorded in pretence; see [`super::simulation`].
    pub simulate_runs: bool,
    /// Bytes of a request, before and after it is unpacked.
    pub max_request: usize,
    /// After this a request is cancelled and answered with an error.
    pub request_timeout: Duration,
}

#[derive(Debug, Clone)]
struct Face {
    catalog: Service,
    gate: Gate,
    settings: Arc<Settings>,
}

/// The route of this face.
pub fn router(catalog: Service, gate: Gate, settings: Settings) -> Router {
    let face = Face { catalog, gate, settings: Arc::new(settings) };
    Router::new().route("/", post(answer)).with_state(face)
}

async fn answer(State(face): State<Face>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let id = Uuid::new_v4().to_string();
    let name = operation_name(request.headers());
    let operation = name.as_deref().and_then(operation);
    let outcome = match face.in_time(face.serve(operation, name.as_deref(), request)).await {
        Ok(body) => Ok(body),
        Err(failure) => Err(logged(&failure, operation, &id)),
    };
    // Names that clients make up must not become names of metrics.
    let label = operation.map_or("unknown", |operation| operation.name);
    let status = if outcome.is_ok() { "ok" } else { "error" };
    metrics::counter!("propolis_glue_requests_total", "operation" => label, "outcome" => status).increment(1);
    metrics::histogram!("propolis_glue_request_seconds", "operation" => label).record(started.elapsed());
    tracing::debug!(operation = label, request = id, status, took = ?started.elapsed(), "glue");
    respond(outcome, &id)
}

impl Face {
    /// What an answer comes to within the time that a request has, from its first byte on.
    async fn in_time(&self, answer: impl Future<Output = Result<Vec<u8>>>) -> Result<Vec<u8>> {
        match tokio::time::timeout(self.settings.request_timeout, AssertUnwindSafe(answer).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Exception::internal("The request failed by an error of the server's own").into()),
            Err(_) => {
                let limit = self.settings.request_timeout.as_secs();
                let message = format!("The request took longer than {limit} s and was cancelled");
                Err(Exception::new("OperationTimeoutException", message).into())
            }
        }
    }

    async fn serve(
        &self,
        operation: Option<&'static OperationInfo>,
        name: Option<&str>,
        request: Request,
    ) -> Result<Vec<u8>> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, self.settings.max_request).await.map_err(|error| self.unreadable(&error))?;
        let identity = self.gate.identify(&parts, &body).await.map_err(Exception::from)?;
        let Some(operation) = operation else {
            return Err(unknown(name).into());
        };
        let body = match unpack::unpack(&parts.headers, body, self.settings.max_request) {
            Ok(body) => body,
            Err(message) => return Err(Exception::new("SerializationException", message).into()),
        };
        let input = self.input(operation, &body)?;
        self.carry_out(operation, identity, input).await
    }

    /// The input of an operation, checked against the model.
    fn input(&self, operation: &'static OperationInfo, body: &Bytes) -> Result<Value> {
        // Some clients send nothing where there are no arguments.
        let mut input = if body.is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_slice(body).map_err(|error| {
                Exception::new("SerializationException", format!("The request is not valid JSON: {error}"))
            })?
        };
        let limits = if self.settings.strict { Limits::Strict } else { Limits::Lenient };
        operation.input.check(&mut input, limits).map_err(|invalid| ops::invalid(operation, &invalid))?;
        Ok(input)
    }

    async fn carry_out(&self, operation: &'static OperationInfo, identity: Identity, input: Value) -> Result<Vec<u8>> {
        let call = Call { catalog: self.catalog.clone(), settings: Arc::clone(&self.settings), identity, operation };
        if self.settings.separate_regions {
            self.catalog.ensure_tree(&call.default_catalog()).await?;
        }
        ops::serve(&call, input).await
    }

    fn unreadable(&self, error: &axum::Error) -> Exception {
        let limit = self.settings.max_request;
        if error.to_string().contains("length limit") {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            let message = format!("The request has more than {limit} bytes (setting glue_max_request)");
            return Exception { status, ..Exception::new("RequestEntityTooLargeException", message) };
        }
        Exception::new("SerializationException", "The request ended before it was whole")
    }
}

/// The operation that the target names; None where there is no target, or one of another service.
fn operation_name(headers: &HeaderMap) -> Option<String> {
    let target = headers.get(TARGET)?.to_str().ok()?;
    target.strip_prefix(TARGET_PREFIX).map(str::to_owned)
}

fn unknown(name: Option<&str>) -> Exception {
    let message = match name {
        Some(name) => format!("{} is no operation of AWS Glue", name.chars().take(100).collect::<String>()),
        None => format!("The header X-Amz-Target does not name an operation: {TARGET_PREFIX}<operation> is expected"),
    };
    Exception::new("UnknownOperationException", message)
}

/// The exception for the client; what lies behind an error of ours goes to the log.
fn logged(failure: &Failure, operation: Option<&'static OperationInfo>, id: &str) -> Exception {
    let exception = Exception::from(failure);
    if exception.status.is_server_error() {
        let operation = operation.map_or("unknown", |operation| operation.name);
        let cause = match failure {
            Failure::Catalog(error) => error.cause.as_ref().map(ToString::to_string),
            Failure::Thrown(_) => None,
        };
        tracing::error!(operation, request = id, cause, "{}", exception.message);
    }
    exception
}

fn respond(outcome: Result<Vec<u8>, Exception>, id: &str) -> Response<Body> {
    let (status, error, body) = match outcome {
        Ok(body) => (StatusCode::OK, None, body),
        Err(exception) => (exception.status, Some(exception.code), exception.body()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(code) = error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
    }
    response
}
