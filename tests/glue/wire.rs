//! What is the same for every operation: transport, errors of the transport, limits.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Client, Options, Refusal, Server, answered};

const GET_TAGS: &str = "AWSGlue.GetTags";

async fn post(client: &Client, target: &str, body: impl Into<reqwest::Body>) -> Refusal {
    let request = client.http.post(&client.url).header("X-Amz-Target", target).body(body);
    answered(request.send().await.unwrap()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_an_error_of_the_service_and_the_connection_goes_on() {
    let server = Server::start().await;
    let client = server.client();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (target, body, code) in [
        ("AWSGlue.MakeHoney", "{}", "UnknownOperationException"),
        ("DynamoDB_20120810.GetItem", "{}", "UnknownOperationException"),
        (GET_TAGS, "{", "SerializationException"),
        (GET_TAGS, "nonsense", "SerializationException"),
        (GET_TAGS, "[]", "SerializationException"),
        (GET_TAGS, r#"{"ResourceArn": 7}"#, "SerializationException"),
        (GET_TAGS, &deep, "SerializationException"),
        (GET_TAGS, "{}", "ValidationException"),
        (GET_TAGS, "", "ValidationException"),
    ] {
        let refusal = post(&client, target, body.to_owned()).await;
        assert_eq!((refusal.status, refusal.code.as_str()), (StatusCode::BAD_REQUEST, code), "{target} {refusal:?}");
        assert!(refusal.message.len() < 1000, "{refusal:?}");
    }
    let bytes = post(&client, GET_TAGS, b"{\"ResourceArn\": \"\xff\"}".to_vec()).await;
    assert_eq!(bytes.code, "SerializationException");
    let large = json!({ "ResourceArn": "x".repeat(10 << 20) }).to_string();
    let large = post(&client, GET_TAGS, large).await;
    assert_eq!(large.code, "ValidationException");
    assert!(large.message.contains("less than or equal to 10240") && large.message.len() < 1000, "{large:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_a_limit_and_may_be_packed() {
    let mut options = Options::default();
    options.settings.max_request = 1000;
    let server = Server::start_with(options).await;
    let client = server.client();
    let refusal = post(&client, GET_TAGS, vec![b' '; 1001]).await;
    assert_eq!(
        (refusal.status, refusal.code.as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException")
    );
    assert!(refusal.message.contains("glue_max_request"), "{refusal:?}");

    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let send = async |body: Vec<u8>| {
        let request = client.http.post(&client.url).header("X-Amz-Target", GET_TAGS).header("Content-Encoding", "gzip");
        answered(request.body(body).send().await.unwrap()).await
    };
    let arn = r#"{"ResourceArn": "arn:aws:glue:us-east-1:123456789012:catalog"}"#;
    assert_eq!(send(packed(arn)).await.unwrap()["Tags"], json!({}));
    assert_eq!(send(packed(&" ".repeat(100_000))).await.unwrap_err().code, "SerializationException");
    assert_eq!(send(arn.as_bytes().to_vec()).await.unwrap_err().code, "SerializationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_carries_out_is_refused_by_name() {
    let server = Server::start().await;
    let input = json!({ "IntegrationName": "i", "SourceArn": "s", "TargetArn": "t" });
    let message = server.client().thrown("CreateIntegration", input, "OperationNotSupportedException").await;
    assert!(message.contains("CreateIntegration"), "{message}");
    let missing =
        server.client().thrown("CreateIntegration", json!({ "IntegrationName": null }), "ValidationException").await;
    assert!(missing.contains("3 validation errors"), "{missing}");
}
