#![allow(clippy::unwrap_used)]
use axum::routing::{get, post};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn limits() -> Limits {
    Limits {
        max_connections: 10,
        idle_timeout: Duration::from_secs(60),
        shutdown_grace: Duration::from_secs(60),
        cors_origins: vec!["https://console.example.org".to_owned()],
    }
}

async fn start(router: Router, tls: Option<TlsAcceptor>, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(serve(listener, router, tls, limits, shutdown.clone()));
    Running { address, shutdown, task }
}

fn router() -> Router {
    Router::new()
        .route("/small", get(|| async { "small" }))
        .route("/large", get(|| async { "large ".repeat(10_000) }))
        .route("/", post(|| async { "posted" }))
}

/// Sends one request on a connection that ends with it; the answer's head in lower case, and its body.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> (String, Vec<u8>) {
    stream.write_all(format!("{request}\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("no whole head");
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

async fn ask_at(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    ask(TcpStream::connect(address).await.unwrap(), request).await
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let server = start(router(), None, limits()).await;
    let (head, body) = ask_at(server.address, "GET /large HTTP/1.1\r\nAccept-Encoding: gzip").await;
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(body.len() < 2000, "{}", body.len());
    for request in ["GET /large HTTP/1.1", "GET /small HTTP/1.1\r\nAccept-Encoding: gzip"] {
        let (head, _) = ask_at(server.address, request).await;
        assert!(head.starts_with("http/1.1 200") && !head.contains("content-encoding"), "{head}");
    }
}

#[tokio::test]
async fn only_pages_of_the_set_origins_may_call() {
    let preflight = |origin| {
        format!(
            "OPTIONS / HTTP/1.1\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: authorization,x-amz-target"
        )
    };
    let server = start(router(), None, limits()).await;
    let (head, _) = ask_at(server.address, &preflight("https://console.example.org")).await;
    assert!(head.contains("access-control-allow-origin: https://console.example.org"), "{head}");
    assert!(head.contains("access-control-allow-headers: authorization,x-amz-target"), "{head}");
    let (head, _) = ask_at(server.address, "POST / HTTP/1.1\r\nOrigin: https://console.example.org").await;
    assert!(head.contains("x-amzn-requestid") && head.contains("access-control-expose-headers"), "{head}");
    let (head, _) = ask_at(server.address, &preflight("https://other.example.org")).await;
    assert!(!head.contains("access-control-allow-origin"), "{head}");

    let any = start(router(), None, Limits { cors_origins: vec!["*".to_owned()], ..limits() }).await;
    let (head, _) = ask_at(any.address, &preflight("https://other.example.org")).await;
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    let none = start(router(), None, Limits { cors_origins: Vec::new(), ..limits() }).await;
    let (head, _) = ask_at(none.address, &preflight("https://console.example.org")).await;
    assert!(!head.contains("access-control-allow-origin"), "{head}");
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let server = start(router(), None, Limits { idle_timeout: Duration::from_millis(100), ..limits() }).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    silent.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\nGET /sm").await.unwrap();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\r\n\r\nsmall"), "{answer}");
}

#[tokio::test]
async fn surplus_connections_are_refused() {
    let server = start(router(), None, Limits { max_connections: 1, ..limits() }).await;
    let request = b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(request).await.unwrap();
    first.read_u8().await.unwrap();
    let mut surplus = TcpStream::connect(server.address).await.unwrap();
    let _ = surplus.write_all(request).await;
    // Closed, or reset before it is read.
    assert!(matches!(surplus.read(&mut [0; 100]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn running_requests_end_before_the_server_does() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (in_handler, until) = (Arc::clone(&begun), Arc::clone(&may_end));
    let slow = get(|| async move {
        in_handler.notify_one();
        until.notified().await;
        "done"
    });
    let server = start(Router::new().route("/slow", slow), None, limits()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let asked = tokio::spawn(ask_at(server.address, "GET /slow HTTP/1.1"));
    begun.notified().await;
    server.shutdown.cancel();
    // An idle connection does not hold the server up.
    assert!(matches!(idle.read(&mut [0; 100]).await, Ok(0) | Err(_)));
    assert!(!server.task.is_finished());
    may_end.notify_one();
    assert_eq!(asked.await.unwrap().1, b"done");
    server.task.await.unwrap();
}

#[tokio::test]
async fn over_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = start(router(), Some(TlsAcceptor::from(Arc::new(config))), limits()).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    let (head, body) = ask(stream, "GET /small HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body, b"small");
    // Without TLS there is no answer in HTTP.
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}
