#![allow(clippy::unwrap_used)]

use super::*;

fn clients(settings: &ObjectStoreSettings, environment: &[(&str, &str)]) -> Clients {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pairs = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    settings.clients("lake", pairs).unwrap()
}

async fn keys(clients: &Clients) -> (String, String, Option<String>) {
    let credential = clients.objects.credentials().get_credential().await.unwrap();
    (credential.key_id.clone(), credential.secret_key.clone(), credential.token.clone())
}

/// Where a request for a key would go.
async fn url(clients: &Clients) -> String {
    use object_store::signer::{Method, Signer};
    let mut url = clients.objects.signed_url(Method::GET, &"k".into(), Duration::from_secs(60)).await.unwrap();
    url.set_query(None);
    url.to_string()
}

const ENVIRONMENT: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "env-key"),
    ("AWS_SECRET_ACCESS_KEY", "env-secret"),
    ("AWS_SESSION_TOKEN", "env-token"),
    ("AWS_REGION", "eu-west-1"),
];

#[tokio::test]
async fn the_environment_fills_what_is_unset() {
    let found = clients(&ObjectStoreSettings::default(), &ENVIRONMENT);
    let (key, secret, token) = keys(&found).await;
    assert_eq!((key.as_str(), secret.as_str()), ("env-key", "env-secret"));
    assert_eq!(token.as_deref(), Some("env-token"));
    assert_eq!(url(&found).await, "https://lake.s3.eu-west-1.amazonaws.com/k");

    let settings = ObjectStoreSettings {
        access_key: Some("own".to_string()),
        secret_key: Some("own-secret".to_string()),
        region: Some("us-west-2".to_string()),
        ..Default::default()
    };
    let found = clients(&settings, &ENVIRONMENT);
    let expected = ("own".to_string(), "own-secret".to_string(), None);
    assert_eq!(keys(&found).await, expected);
    assert_eq!(url(&found).await, "https://lake.s3.us-west-2.amazonaws.com/k");
}

#[tokio::test]
async fn the_bucket_stands_where_the_store_wants_it() {
    let settings = |path_style| ObjectStoreSettings {
        endpoint: Some("http://store:9000".parse().unwrap()),
        path_style,
        ..Default::default()
    };
    let of = async |settings: &ObjectStoreSettings, variables: &[(&str, &str)]| {
        let environment = [&ENVIRONMENT[..], variables].concat();
        url(&clients(settings, &environment)).await
    };
    assert_eq!(of(&settings(None), &[]).await, "http://store:9000/lake/k");
    assert_eq!(of(&settings(Some(true)), &[]).await, "http://store:9000/lake/k");
    assert_eq!(of(&settings(Some(false)), &[]).await, "http://lake.store:9000/k");
    let other = [("AWS_ENDPOINT_URL", "https://other")];
    assert_eq!(of(&settings(None), &other).await, "http://store:9000/lake/k");
    let unset = ObjectStoreSettings::default();
    assert_eq!(of(&unset, &other).await, "https://other/lake/k");
    let special = [("AWS_ENDPOINT_URL_S3", "http://special/"), other[0]];
    assert_eq!(of(&unset, &special).await, "http://special/lake/k");
    assert_eq!(of(&unset, &[("AWS_ENDPOINT_URL", "")]).await, "https://lake.s3.eu-west-1.amazonaws.com/k");
}

#[test]
fn what_cannot_work_is_named() {
    let check = |json: &str| serde_json::from_str::<ObjectStoreSettings>(json).unwrap().check();
    for (json, named) in [
        (r#"{"access_key": "a"}"#, "secret_key"),
        (r#"{"secret_key": "a", "access_key": ""}"#, "access_key"),
        (r#"{"session_token": "a"}"#, "session_token"),
        (r#"{"endpoint": "ftp://x"}"#, "endpoint"),
        (r#"{"endpoint": "http://x/?a=b"}"#, "endpoint"),
        (r#"{"endpoint": "http://a:b@x/"}"#, "endpoint"),
    ] {
        let why = check(json).unwrap_err();
        assert!(why.contains(named), "{json}: {why}");
    }
    assert_eq!(check(r#"{"endpoint": "http://127.0.0.1:9000", "region": ""}"#), Ok(()));
}

#[test]
fn secrets_are_not_printed() {
    let settings = ObjectStoreSettings {
        access_key: Some("visible".to_string()),
        secret_key: Some("hush".to_string()),
        session_token: Some("hush".to_string()),
        ..Default::default()
    };
    let shown = format!("{settings:?}");
    assert!(shown.contains("visible") && !shown.contains("hush"), "{shown}");
}
