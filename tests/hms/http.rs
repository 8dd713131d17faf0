//! Thrift over HTTP.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use propolis::auth::login::Login;
use propolis::auth::login::jwt::Jwt;
use propolis::catalog::Service;
use propolis_thrift::codec::{self, Protocol};
use propolis_thrift::{Method, Request, args, methods, types};
use reqwest::{Client, StatusCode, Url};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Options, Server, columns, text};

fn http() -> Client {
    // Shared by all tests of the process; the second to install it finds the first one's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

struct Caller<'a> {
    server: &'a Server,
    headers: Vec<(&'static str, String)>,
}

impl Caller<'_> {
    async fn post(&self, path: &str, body: Vec<u8>) -> reqwest::Response {
        let mut request = http().post(format!("http://{}{path}", self.server.address)).body(body);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.header("content-type", "application/x-thrift").send().await.unwrap()
    }

    async fn call<M: Method>(&self, args: M::Args) -> M::Ok {
        let body = codec::encode_call(Protocol::Binary, 1, &M::request(args)).unwrap().into_bytes();
        let response = self.post("/metastore", body.to_vec()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/x-thrift");
        codec::decode_result::<M>(Protocol::Binary, response.bytes().await.unwrap()).unwrap()
    }

    async fn owner_of_new(&self, database: &str) -> String {
        let new = types::Database { name: text(database), ..Default::default() };
        self.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(new) }).await;
        let made = self.call::<methods::GetDatabase>(args::GetDatabase { name: text(database) }).await;
        made.owner_name.unwrap().to_string()
    }
}

#[tokio::test]
async fn a_call_is_a_request() {
    let server = Server::start().await;
    let nobody = Caller { server: &server, headers: vec![] };
    assert_eq!(nobody.owner_of_new("of_nobody").await, "propolis");
    let ann = Caller { server: &server, headers: vec![("x-actor-username", "ann".to_owned())] };
    assert_eq!(ann.owner_of_new("of_ann").await, "ann");
    // The same port still speaks Thrift alone.
    assert!(server.client().await.call::<methods::GetAllDatabases>(args::GetAllDatabases {}).await.unwrap().len() == 3);

    let compact = codec::encode_call(Protocol::Compact, 1, &Request::GetName(args::GetName {})).unwrap().into_bytes();
    let answer = nobody.post("/metastore/*", compact.to_vec()).await.bytes().await.unwrap();
    assert_eq!(codec::decode_result::<methods::GetName>(Protocol::Compact, answer).unwrap(), "Propolis");

    let oneway = codec::encode_call(Protocol::Binary, 1, &Request::Shutdown(args::Shutdown {})).unwrap().into_bytes();
    let answer = nobody.post("/metastore", oneway.to_vec()).await;
    assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(0)));
}

#[tokio::test]
async fn long_answers_come_whole() {
    let server = Server::start().await;
    let nobody = Caller { server: &server, headers: vec![] };
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(crate::support::table("db", "t", &[("a", "int")], &[("day", "string")])).await;
    let partitions: Vec<_> = (0..5000)
        .map(|day| types::Partition {
            values: Some(vec![format!("{day:0>100}").into()]),
            db_name: text("db"),
            table_name: text("t"),
            sd: Some(types::StorageDescriptor {
                cols: Some(columns(&[("a", "int")])),
                serde_info: Some(types::SerDeInfo::default()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .collect();
    client.call::<methods::AddPartitions>(args::AddPartitions { new_parts: Some(partitions) }).await.unwrap();
    let all = args::GetPartitions { db_name: text("db"), tbl_name: text("t"), max_parts: Some(-1) };
    assert_eq!(nobody.call::<methods::GetPartitions>(all).await.len(), 5000);
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let server = Server::start_with(Options {
        limits: propolis::hms::Limits { max_request: 1 << 20, ..Options::default().limits },
        ..Options::default()
    })
    .await;
    let nobody = Caller { server: &server, headers: vec![] };
    let call = codec::encode_call(Protocol::Binary, 1, &Request::GetName(args::GetName {})).unwrap().into_bytes();
    let twice = [&call[..], &call].concat();
    for (path, body, status) in [
        ("/other", call.to_vec(), StatusCode::NOT_FOUND),
        ("/metastores", call.to_vec(), StatusCode::NOT_FOUND),
        ("/metastore", vec![], StatusCode::BAD_REQUEST),
        ("/metastore", b"{}".to_vec(), StatusCode::BAD_REQUEST),
        ("/metastore", call[..9].to_vec(), StatusCode::BAD_REQUEST),
        ("/metastore", twice, StatusCode::BAD_REQUEST),
        ("/metastore", vec![0; 2 << 20], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let response = nobody.post(path, body).await;
        assert_eq!(response.status(), status, "{}", response.text().await.unwrap());
    }
    let got = http().get(format!("http://{}/metastore", server.address)).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
}

fn encode(value: &serde_json::Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn sign(header: serde_json::Value, claims: serde_json::Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
    format!("{text}.{signature}")
}

#[tokio::test]
async fn bearer_tokens_say_who_calls() {
    let random = SystemRandom::new();
    let ed = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let base64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
    let keys = serde_json::json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": base64(ed.public_key().as_ref()) },
        { "kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": base64(x), "y": base64(y) },
        { "kty": "oct", "kid": "shared", "k": base64(b"hunter2") },
    ]});
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), keys.to_string()).unwrap();
    let url = Url::from_file_path(file.path()).unwrap();

    let login = move |catalog: &Service| Login {
        jwt: Some(Jwt::with(url, Some("https://issuer".to_owned()), Some("propolis".to_owned())).unwrap()),
        proxy_users: ["hive".to_owned()].into(),
        ..Login::none(catalog)
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start_with(Options { login: Some(Box::new(login)), ..Options::default() }).await;
    let by_ed = |text: &[u8]| ed.sign(text).as_ref().to_vec();
    let by_ec = |text: &[u8]| ec.sign(&random, text).unwrap().as_ref().to_vec();
    let claims = |user: &str| serde_json::json!({ "sub": user, "iss": "https://issuer", "aud": "propolis" });
    let header = serde_json::json!({ "alg": "EdDSA", "kid": "ed" });
    let caller = |token: String, actor: Option<&str>| Caller {
        server: &server,
        headers: [("authorization", format!("Bearer {token}"))]
            .into_iter()
            .chain(actor.map(|actor| ("x-actor-username", actor.to_owned())))
            .collect(),
    };

    let ann = sign(header.clone(), claims("ann"), by_ed);
    assert_eq!(caller(ann.clone(), None).owner_of_new("of_ann").await, "ann");
    let without_id = sign(serde_json::json!({ "alg": "ES256" }), claims("bob"), by_ec);
    assert_eq!(caller(without_id, None).owner_of_new("of_bob").await, "bob");
    let hive = sign(header.clone(), claims("hive"), by_ed);
    assert_eq!(caller(hive, Some("eve")).owner_of_new("of_eve").await, "eve");

    let call = codec::encode_call(Protocol::Binary, 1, &Request::GetName(args::GetName {})).unwrap().into_bytes();
    let altered = |key: &str, value: serde_json::Value| {
        let mut changed = claims("ann");
        changed[key] = value;
        sign(header.clone(), changed, by_ed)
    };
    let refused = [
        (caller(ann.clone(), Some("eve")), "may not act for eve"),
        (caller(format!("{}A", &ann[..ann.len() - 2]), None), "the token is not good"),
        (caller(altered("exp", 1.into()), None), "ExpiredSignature"),
        (caller(altered("nbf", 99_999_999_999_i64.into()), None), "ImmatureSignature"),
        (caller(altered("iss", "https://other".into()), None), "InvalidIssuer"),
        (caller(altered("aud", "other".into()), None), "InvalidAudience"),
        (caller(altered("sub", "".into()), None), "no subject"),
        (caller(altered("sub", "ann\nroot".into()), None), "no control characters"),
        (caller(altered("exp", "never".into()), None), "the token is not good"),
        (
            caller(sign(serde_json::json!({ "alg": "EdDSA", "kid": "ec" }), claims("ann"), by_ed), None),
            "not in the set",
        ),
        (caller(sign(serde_json::json!({ "alg": "HS256", "kid": "shared" }), claims("ann"), by_ed), None), "not taken"),
        (caller(sign(serde_json::json!({ "alg": "none" }), claims("ann"), |_| vec![]), None), "cannot be read"),
        (caller("no.token".to_owned(), None), "cannot be read"),
        (Caller { server: &server, headers: vec![] }, "no bearer token"),
        (Caller { server: &server, headers: vec![("authorization", "Basic YTpi".to_owned())] }, "no bearer token"),
    ];
    for (caller, said) in refused {
        let response = caller.post("/metastore", call.to_vec()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let message = response.text().await.unwrap();
        assert!(message.starts_with("Authentication error: ") && message.contains(said), "{said}: {message}");
    }
    // Who logs in over HTTP only, does not without it.
    let (_, message) = crate::sasl::plain(&server, "", "ann", "secret").await.err().unwrap();
    assert!(message.contains("a bearer token over HTTP"), "{message}");
}

#[tokio::test]
async fn keys_are_read_over_http_once_for_many() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ed =
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref()).unwrap();
    let x = BASE64_URL_SAFE_NO_PAD.encode(ed.public_key().as_ref());
    let set = serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] }).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/keys", listener.local_addr().unwrap())).unwrap();
    let keys = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", set.len());
        stream.write_all(format!("{head}{set}").as_bytes()).await.unwrap();
        // Nobody else is answered: one reading has to do.
        listener
    });
    let jwt = Jwt::with(url.clone(), None, None).unwrap();
    let claims = serde_json::json!({ "sub": "ann", "exp": 99_999_999_999_i64 });
    let token = sign(serde_json::json!({ "alg": "EdDSA" }), claims, |text| ed.sign(text).as_ref().to_vec());
    let (first, second) = tokio::join!(jwt.verify(&token), jwt.verify(&token));
    for verified in [first, second] {
        let verified = verified.unwrap();
        assert_eq!((verified.user.as_str(), verified.until), ("ann", Some(99_999_999_999_000)));
    }
    drop(keys.await.unwrap());
    let unreachable = Jwt::with(url, None, None).unwrap().verify(&token).await.unwrap_err();
    assert!(unreachable.message.contains("cannot be read"), "{}", unreachable.message);
}
