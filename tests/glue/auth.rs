//! Who is let in: requests signed by hand, as the SDKs sign them.

use std::time::{Duration, SystemTime};

use axum::http::Request;
use propolis::auth::{Gate, Identity, Rules};
use propolis::catalog::{AccessKeys, Credentials, NewAccessKey};
use propolis::config::Secret;
use propolis::vault::Vault;
use reqwest::StatusCode;
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};
use serde_json::json;

use crate::support::{ACCOUNT, Options, Refusal, Server, answered};

const TARGET: &str = "AWSGlue.GetTags";
const ARN: &str = "arn:aws:glue:us-east-1:123456789012:crawler/none";

/// Whom a request is signed by, for what, and when.
struct Signer {
    id: String,
    secret: String,
    session_token: Option<String>,
    region: &'static str,
    service: &'static str,
    signed_at: SystemTime,
}

impl Signer {
    fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            session_token: None,
            region: "eu-central-1",
            service: "glue",
            signed_at: SystemTime::now(),
        }
    }

    fn of(credentials: &Credentials) -> Self {
        Self {
            session_token: credentials.session_token.as_ref().map(|token| token.reveal().to_owned()),
            ..Self::new(&credentials.key.id, credentials.secret.reveal())
        }
    }

    fn date(&self) -> String {
        humantime::format_rfc3339_seconds(self.signed_at).to_string().replace(['-', ':'], "")
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", &self.date()[..8], self.region, self.service)
    }

    fn signature(&self, query: &str, headers: &[(&str, String)], body: &str) -> String {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = names(headers);
        let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{}", hash(body));
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", self.date(), self.scope(), hash(&canonical));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in self.scope().split('/') {
            key = sign(&key, part);
        }
        hex(&sign(&key, &to_sign))
    }

    /// The headers of a signed request, `Host` not among them.
    fn headers(&self, host: &str, body: &str) -> Vec<(&'static str, String)> {
        let mut headers = vec![("host", host.to_owned()), ("x-amz-date", self.date())];
        headers.extend(self.session_token.clone().map(|token| ("x-amz-security-token", token)));
        headers.push(("x-amz-target", TARGET.to_owned()));
        let signature = self.signature("", &headers, body);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.id,
            self.scope(),
            names(&headers)
        );
        headers.push(("authorization", authorization));
        headers.remove(0);
        headers
    }

    /// The query of a presigned request.
    fn query(&self, host: &str, body: &str, expires: u32) -> String {
        let headers = [("host", host.to_owned()), ("x-amz-target", TARGET.to_owned())];
        let credential = format!("{}/{}", self.id, self.scope()).replace('/', "%2F");
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={}&X-Amz-Expires={expires}\
             &X-Amz-SignedHeaders=host%3Bx-amz-target",
            self.date()
        );
        let signature = self.signature(&query, &headers, body);
        format!("{query}&X-Amz-Signature={signature}")
    }
}

fn names(headers: &[(&str, String)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

fn hash(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn body() -> String {
    json!({ "ResourceArn": ARN }).to_string()
}

impl Server {
    async fn create_key(&self, new: NewAccessKey) -> Credentials {
        self.keys.create(new).await.unwrap()
    }

    /// Ok when the request came as far as the operation.
    async fn post(&self, query: &str, headers: Vec<(&str, String)>, body: &str) -> Result<(), Refusal> {
        let client = self.client();
        let mut request = client.http.post(format!("{}{query}", client.url)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match answered(request.send().await.unwrap()).await {
            Err(refusal) if refusal.code != "EntityNotFoundException" => Err(refusal),
            _ => Ok(()),
        }
    }

    async fn post_signed(&self, signer: &Signer) -> Result<(), Refusal> {
        self.post("", signer.headers(&self.address.to_string(), &body()), &body()).await
    }

    #[track_caller]
    fn refused(&self, signer: &Signer, code: &str, message: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let (code, message) = (code.to_owned(), message.to_owned());
        async move {
            let refusal = self.post_signed(signer).await.unwrap_err();
            assert_eq!((refusal.status, &refusal.code), (StatusCode::BAD_REQUEST, &code), "{place}: {refusal:?}");
            assert!(refusal.message.contains(&message), "{place}: {refusal:?}");
        }
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_all_are_let_in_on_loopback_and_nobody_elsewhere() {
    let server = Server::start().await;
    let target = || ("x-amz-target", TARGET.to_owned());
    for authorization in [None, Some("nonsense"), Some("AWS4-HMAC-SHA256 Credential=a/b")] {
        let headers = [Some(target()), authorization.map(|text| ("authorization", text.to_owned()))];
        assert_eq!(server.post("", headers.into_iter().flatten().collect(), &body()).await, Ok(()));
    }
    assert_eq!(server.post_signed(&Signer::new("ANY", "any")).await, Ok(()));

    // From the first key on, signatures count.
    let key = server.create_key(NewAccessKey::default()).await;
    let refusal = server.post("", vec![target()], &body()).await.unwrap_err();
    assert_eq!(refusal.code, "MissingAuthenticationTokenException");
    server.refused(&Signer::new("ANY", "any"), "UnrecognizedClientException", "security token").await;
    assert_eq!(server.post_signed(&Signer::of(&key)).await, Ok(()));
    // Also when it is disabled.
    server.keys.set_disabled(&key.key.id, true).await.unwrap();
    assert!(server.post("", vec![target()], &body()).await.is_err());

    let mut options = Options::default();
    options.gate.loopback = false;
    let open = Server::start_with(options).await;
    open.refused(&Signer::new("ANY", "any"), "UnrecognizedClientException", "`propolis key create`").await;
    let key = open.create_key(NewAccessKey::default()).await;
    assert_eq!(open.post_signed(&Signer::of(&key)).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whole_and_timely_signatures_of_a_key_are_good() {
    let server = Server::start().await;
    let made = server.create_key(NewAccessKey::default()).await;
    let id = made.key.id.as_str();
    let signer = || Signer::of(&made);
    assert_eq!(server.post_signed(&signer()).await, Ok(()));
    // The same second's same call is the same request: it may be one that is tried again.
    let again = signer();
    assert_eq!(server.post_signed(&again).await, Ok(()));
    assert_eq!(server.post_signed(&again).await, Ok(()));

    let unknown = Signer { id: "PKAAAAAAAAAAAAAAAAAA".to_owned(), ..signer() };
    server
        .refused(&unknown, "UnrecognizedClientException", "The security token included in the request is invalid.")
        .await;
    server.refused(&Signer::new(id, "another"), "InvalidSignatureException", MISMATCH).await;
    let replayed = Signer { signed_at: SystemTime::now() - Duration::from_secs(1000), ..signer() };
    server.refused(&replayed, "InvalidSignatureException", "Signature expired: ").await;
    let ahead = Signer { signed_at: SystemTime::now() + Duration::from_secs(1000), ..signer() };
    server.refused(&ahead, "InvalidSignatureException", "Signature not yet current: ").await;
    let elsewhere = Signer { service: "s3", ..signer() };
    server
        .refused(&elsewhere, "InvalidSignatureException", "Credential should be scoped to correct service: 'glue'.")
        .await;

    let host = server.address.to_string();
    let tampered = body().replace("none", "nine");
    let refusal = server.post("", signer().headers(&host, &body()), &tampered).await.unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("InvalidSignatureException", MISMATCH));
    let mut headers = signer().headers(&host, &body());
    headers.retain(|(name, _)| *name != "x-amz-target");
    headers.push(("x-amz-target", "AWSGlue.UntagResource".to_owned()));
    assert_eq!(server.post("", headers, &body()).await.unwrap_err().message, MISMATCH);
    let refusal = server.post("", signer().headers("other.example.org", &body()), &body()).await.unwrap_err();
    assert_eq!(refusal.message, MISMATCH);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_may_be_signed_beforehand() {
    let server = Server::start().await;
    let made = server.create_key(NewAccessKey::default()).await;
    let host = server.address.to_string();
    let target = || vec![("x-amz-target", TARGET.to_owned())];
    let post = async |signed_ago: u64, expires: u32, body: &str| {
        let signed_at = SystemTime::now() - Duration::from_secs(signed_ago);
        let query = Signer { signed_at, ..Signer::of(&made) }.query(&host, &self::body(), expires);
        server.post(&format!("?{query}"), target(), body).await
    };
    assert_eq!(post(0, 60, &body()).await, Ok(()));
    assert_eq!(post(5000, 6000, &body()).await, Ok(()), "it decides itself how long it is good");
    assert!(post(100, 60, &body()).await.unwrap_err().message.starts_with("Signature expired: "));
    assert_eq!(post(0, 60, "{}").await.unwrap_err().message, MISMATCH);
    assert_eq!(post(0, 700_000, &body()).await.unwrap_err().code, "IncompleteSignatureException");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_end_and_may_have_a_session_token() {
    let server = Server::start().await;
    let made = server
        .create_key(NewAccessKey { session_token: Some(Secret::new("token/+==")), ..NewAccessKey::default() })
        .await;
    assert_eq!(server.post_signed(&Signer::of(&made)).await, Ok(()));
    for session_token in [None, Some("another".to_owned())] {
        let wrong = Signer { session_token, ..Signer::of(&made) };
        server.refused(&wrong, "UnrecognizedClientException", "The security token").await;
    }
    server.keys.set_disabled(&made.key.id, true).await.unwrap();
    server.refused(&Signer::of(&made), "UnrecognizedClientException", "The security token").await;
    server.keys.set_disabled(&made.key.id, false).await.unwrap();
    assert_eq!(server.post_signed(&Signer::of(&made)).await, Ok(()));
    assert!(server.keys.set_disabled("PKNONE", true).await.unwrap_err().message.contains("PKNONE"));

    let over = server.create_key(NewAccessKey { lifetime: Some(Duration::ZERO), ..NewAccessKey::default() }).await;
    server.refused(&Signer::of(&over), "ExpiredTokenException", "is expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_or_brought_and_kept_encrypted() {
    let server = Server::start().await;
    let made = server.create_key(NewAccessKey::default()).await;
    assert!(made.key.id.len() == 20 && made.key.id.starts_with("PK"), "{made:?}");
    assert_eq!(made.secret.reveal().len(), 40);
    let brought = || NewAccessKey {
        id: Some("FOOBARKEY".to_owned()),
        secret: Some(Secret::new("FOOBARSECRET")),
        user_name: Some("ann".to_owned()),
        account_id: Some("210987654321".to_owned()),
        ..NewAccessKey::default()
    };
    server.create_key(brought()).await;
    assert_eq!(server.post_signed(&Signer::new("FOOBARKEY", "FOOBARSECRET")).await, Ok(()));
    let taken = server.keys.create(brought()).await.unwrap_err();
    assert!(taken.message.contains("FOOBARKEY exists already"), "{taken}");
    for wrong in [
        NewAccessKey { id: Some("a/b".to_owned()), ..brought() },
        NewAccessKey { id: Some(String::new()), ..brought() },
        NewAccessKey { id: Some("x".repeat(129)), ..brought() },
        NewAccessKey { secret: Some(Secret::new("two words")), ..brought() },
        NewAccessKey { account_id: Some("12".to_owned()), ..brought() },
        NewAccessKey { user_name: Some(String::new()), ..brought() },
    ] {
        assert!(server.keys.create(wrong).await.is_err());
    }
    let listed = server.keys.list().await.unwrap();
    let ids: Vec<_> = listed.iter().map(|key| key.id.as_str()).collect();
    assert!(ids.len() == 2 && ids.contains(&"FOOBARKEY") && ids.contains(&made.key.id.as_str()), "{ids:?}");
    assert_eq!(listed.iter().filter(|key| key.last_used_at.is_some()).count(), 1);

    // A server with another key cannot read them, and says no more than that to callers.
    let vault = Vault::new(None, server.hms.warehouse.path().join("another.key"));
    vault.seal("anything", "makes the file").unwrap();
    let other = AccessKeys::new(server.hms.catalog.store().clone(), vault);
    assert!(other.unreadable().await.unwrap().unwrap().message.contains("another.key"));
    assert!(server.keys.unreadable().await.unwrap().is_none());
    let gate = Gate::open(other, rules()).await.unwrap();
    let (parts, _) = signed(&Signer::new("FOOBARKEY", "FOOBARSECRET"));
    let error = gate.identify(&parts, body().as_bytes()).await.unwrap_err();
    assert_eq!((error.code, error.status.as_u16()), ("InternalServiceException", 500));
    assert!(!error.message.contains("another.key"), "{error}");
}

fn rules() -> Rules {
    Rules { account_id: ACCOUNT.to_owned(), region: "us-east-1".to_owned(), clock_skew: None, loopback: true }
}

fn signed(signer: &Signer) -> (axum::http::request::Parts, ()) {
    let mut request = Request::post("/").header("host", "h");
    for (name, value) in signer.headers("h", &body()) {
        request = request.header(name, value);
    }
    request.body(()).unwrap().into_parts()
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_known_by_their_keys() {
    let server = Server::start().await;
    let gate = Gate::open(server.keys.clone(), rules()).await.unwrap();
    let identify = async |parts| gate.identify(&parts, body().as_bytes()).await;
    let identity = |id: &str, account: &str, region: &str, user: Option<&str>| {
        Ok(Identity {
            access_key_id: id.to_owned(),
            account_id: account.to_owned(),
            region: region.to_owned(),
            user: user.map(str::to_owned),
        })
    };
    let unsigned = Request::post("/").body(()).unwrap().into_parts().0;
    assert_eq!(identify(unsigned).await, identity("anonymous", ACCOUNT, "us-east-1", None));
    let any = Signer::new("ANY", "any");
    assert_eq!(identify(signed(&any).0).await, identity("ANY", ACCOUNT, "eu-central-1", None));
    let strange = Signer { region: "x'--", ..Signer::new("ANY", "any") };
    assert_eq!(identify(signed(&strange).0).await, identity("ANY", ACCOUNT, "us-east-1", None));

    let ann = NewAccessKey {
        user_name: Some("ann".to_owned()),
        account_id: Some("210987654321".to_owned()),
        ..NewAccessKey::default()
    };
    let (ann, nobody) = (server.create_key(ann).await, server.create_key(NewAccessKey::default()).await);
    // Without a limit for clocks, a frozen one will do.
    let ann = Signer { signed_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_420_070_400), ..Signer::of(&ann) };
    assert_eq!(identify(signed(&ann).0).await, identity(&ann.id, "210987654321", "eu-central-1", Some("ann")));
    let nobody = Signer::of(&nobody);
    assert_eq!(identify(signed(&nobody).0).await, identity(&nobody.id, ACCOUNT, "eu-central-1", None));
}
