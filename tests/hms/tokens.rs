//! Delegation tokens, from their issue to their end.

use std::time::Duration;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use md5::{Digest, Md5};
use propolis::auth::login::Login;
use propolis::catalog::{DelegationTokens, Service, TokenLifetime, Users};
use propolis::config::Secret;
use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, args, methods};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::sasl::{BAD, COMPLETE, OK, START, owner_of_new, plain, receive, send, server_with_users, with_users};
use crate::support::{Client, Options, Server, text, thrown};

async fn issue(client: &mut Client, owner: &str, renewer: &str) -> Result<String, CallError> {
    let ask = args::GetDelegationToken { token_owner: text(owner), renewer_kerberos_principal_name: text(renewer) };
    client.call::<methods::GetDelegationToken>(ask).await.map(|token| token.to_string())
}

async fn renew(client: &mut Client, token: &str) -> Result<i64, CallError> {
    client.call::<methods::RenewDelegationToken>(args::RenewDelegationToken { token_str_form: text(token) }).await
}

async fn cancel(client: &mut Client, token: &str) -> Result<(), CallError> {
    client.call::<methods::CancelDelegationToken>(args::CancelDelegationToken { token_str_form: text(token) }).await
}

/// Identifier and password of a token; lengths below 128 take one byte.
fn parts(token: &str) -> (Vec<u8>, Vec<u8>) {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
    let (identifier, rest) = bytes[1..].split_at(bytes[0].into());
    (identifier.to_vec(), rest[1..][..rest[0].into()].to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn md5(text: &[u8]) -> Vec<u8> {
    Md5::digest(text).to_vec()
}

/// As Java's client does it (RFC 2831).
fn proof(user: &str, password: &str, nonce: &str, count: &str, prefix: &str) -> String {
    let secret = md5(format!("{user}:default:{password}").as_bytes());
    let a1 = hex(&md5(&[&secret[..], format!(":{nonce}:cnonce").as_bytes()].concat()));
    let a2 = hex(&md5(format!("{prefix}:null/default").as_bytes()));
    hex(&md5(format!("{a1}:{nonce}:{count}:cnonce:auth:{a2}").as_bytes()))
}

/// What a client answers to a challenge.
fn answer(user: &str, password: &str, nonce: &str, count: &str) -> String {
    let response = proof(user, password, nonce, count, "AUTHENTICATE");
    format!(
        r#"charset=utf-8,username="{user}",realm="default",nonce="{nonce}",nc={count},cnonce="cnonce",digest-uri="null/default",maxbuf=65536,response={response},qop=auth"#
    )
}

/// A login under way, and the server's nonce.
async fn challenged(server: &Server) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    send(&mut stream, START, b"DIGEST-MD5").await;
    send(&mut stream, OK, b"").await;
    let (status, challenge) = receive(&mut stream).await;
    assert_eq!(status, OK);
    let challenge = String::from_utf8(challenge).unwrap();
    for part in [r#"realm="default""#, "algorithm=md5-sess", r#"qop="auth,auth-int,auth-conf""#, r#"cipher="rc4""#] {
        assert!(challenge.contains(part), "{challenge}");
    }
    let nonce = challenge.split(r#"nonce=""#).nth(1).unwrap().split('"').next().unwrap();
    (stream, nonce.to_owned())
}

/// A client that logged in with a token, or what the server said.
async fn log_in(server: &Server, token: &str) -> Result<Client, String> {
    let (identifier, password) = parts(token);
    log_in_as(server, &BASE64_STANDARD.encode(identifier), &BASE64_STANDARD.encode(password)).await
}

async fn log_in_as(server: &Server, user: &str, password: &str) -> Result<Client, String> {
    let (mut stream, nonce) = challenged(server).await;
    send(&mut stream, OK, answer(user, password, &nonce, "00000001").as_bytes()).await;
    match receive(&mut stream).await {
        (COMPLETE, last) => {
            let expected = format!("rspauth={}", proof(user, password, &nonce, "00000001", ""));
            assert_eq!(String::from_utf8(last).unwrap(), expected);
            Ok(Client::over(stream))
        }
        (status, message) => {
            assert_eq!(status, BAD);
            Err(String::from_utf8(message).unwrap())
        }
    }
}

const USERS: &[(&str, &str)] = &[("ann", "correct horse"), ("hive", "battery staple"), ("yarn", "staple battery")];

#[tokio::test]
async fn a_token_logs_its_owner_in_until_it_is_cancelled() {
    let server = server_with_users(USERS).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let token = issue(&mut ann, "ann", "yarn").await.unwrap();
    let mut by_token = log_in(&server, &token).await.unwrap();
    assert_eq!(owner_of_new(&mut by_token, "by_token").await, "ann");

    let (identifier, password) = parts(&token);
    let (name, password) = (BASE64_STANDARD.encode(&identifier), BASE64_STANDARD.encode(password));
    let mut forged = identifier.clone();
    forged[2] = b'b';
    let wrong = [
        (name.clone(), "AAAA".to_owned(), "password of the token is wrong"),
        (BASE64_STANDARD.encode(&forged), password.clone(), "expired or does not exist"),
        (BASE64_STANDARD.encode(&identifier[..9]), password.clone(), "not that of a token"),
        ("ann".to_owned(), "correct horse".to_owned(), "not that of a token"),
    ];
    for (name, password, said) in wrong {
        let message = log_in_as(&server, &name, &password).await.err().unwrap();
        assert!(message.contains(said), "{message}");
    }

    let mut hive = plain(&server, "", "hive", "battery staple").await.unwrap();
    let denied = thrown(cancel(&mut hive, &token).await, ExceptionKind::Meta);
    assert!(denied.contains("hive cannot cancel this token"), "{denied}");
    cancel(&mut ann, &token).await.unwrap();
    assert!(log_in(&server, &token).await.err().unwrap().contains("expired or does not exist"));
    thrown(cancel(&mut ann, &token).await, ExceptionKind::Meta);
    thrown(cancel(&mut ann, "AAAA").await, ExceptionKind::Meta);
}

#[tokio::test]
async fn an_answer_is_good_for_its_challenge_only() {
    let server = server_with_users(USERS).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let (identifier, password) = parts(&issue(&mut ann, "ann", "yarn").await.unwrap());
    let (user, password) = (BASE64_STANDARD.encode(identifier), BASE64_STANDARD.encode(password));
    let (mut first, nonce) = challenged(&server).await;
    let recorded = answer(&user, &password, &nonce, "00000001");
    send(&mut first, OK, recorded.as_bytes()).await;
    assert_eq!(receive(&mut first).await.0, COMPLETE);

    let (mut again, own_nonce) = challenged(&server).await;
    assert_ne!(nonce, own_nonce);
    send(&mut again, OK, recorded.as_bytes()).await;
    let (mut counted, nonce) = challenged(&server).await;
    send(&mut counted, OK, answer(&user, &password, &nonce, "00000002").as_bytes()).await;
    let (mut lowered, nonce) = challenged(&server).await;
    let unoffered = answer(&user, &password, &nonce, "00000001").replace("qop=auth", "qop=auth-none");
    send(&mut lowered, OK, unoffered.as_bytes()).await;
    for (stream, said) in [
        (&mut again, "another challenge"),
        (&mut counted, "another challenge"),
        (&mut lowered, "none of those offered"),
    ] {
        let (status, message) = receive(stream).await;
        let message = String::from_utf8(message).unwrap();
        assert!(status == BAD && message.contains(said), "{message}");
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn only_proxy_users_ask_for_others() {
    let server = server_with_users(USERS).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let denied = thrown(issue(&mut ann, "bob", "yarn").await, ExceptionKind::Meta);
    assert!(denied.contains("ann may not act for bob"), "{denied}");
    thrown(issue(&mut ann, "", "yarn").await, ExceptionKind::Meta);

    let mut hive = plain(&server, "", "hive", "battery staple").await.unwrap();
    let token = issue(&mut hive, "bob", "yarn").await.unwrap();
    let mut bob = log_in(&server, &token).await.unwrap();
    assert_eq!(owner_of_new(&mut bob, "of_bob").await, "bob");
    // A token leads to no other: it would outlive the cancelling of this one.
    let denied = thrown(issue(&mut bob, "bob", "yarn").await, ExceptionKind::Meta);
    assert!(denied.contains("by who logged in with one"), "{denied}");
    cancel(&mut hive, &token).await.unwrap();

    let open = Server::start().await;
    let none = thrown(issue(&mut open.client().await, "ann", "yarn").await, ExceptionKind::Meta);
    assert!(none.contains("thrift_auth"), "{none}");
}

#[tokio::test]
async fn only_the_renewer_renews() {
    let server = server_with_users(USERS).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let mut yarn = plain(&server, "", "yarn", "staple battery").await.unwrap();
    let token = issue(&mut ann, "ann", "yarn").await.unwrap();
    let denied = thrown(renew(&mut ann, &token).await, ExceptionKind::Meta);
    assert!(denied.contains("its renewer is yarn"), "{denied}");
    let first = renew(&mut yarn, &token).await.unwrap();
    assert!(renew(&mut yarn, &token).await.unwrap() >= first);
    let unrenewable = issue(&mut ann, "ann", "").await.unwrap();
    let denied = thrown(renew(&mut ann, &unrenewable).await, ExceptionKind::Meta);
    assert!(denied.contains("its renewer is nobody"), "{denied}");
}

/// For tokens that are over at once, but for those that `hive` renews, which is the server itself.
fn short_lived(catalog: &Service) -> Login {
    let lifetime = TokenLifetime { max: Duration::from_secs(3600), renewal: Duration::ZERO };
    Login { tokens: DelegationTokens::new(catalog, lifetime, Some("hive".to_owned())), ..with_users(catalog) }
}

#[tokio::test]
async fn a_token_ends_unless_it_is_renewed() {
    let server = Server::start_with(Options { login: Some(Box::new(short_lived)), ..Options::default() }).await;
    let users = Users::new(server.catalog.store().clone()).unwrap();
    users.add("ann", &Secret::new("correct horse")).await.unwrap();
    users.add("yarn", &Secret::new("staple battery")).await.unwrap();
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let over = issue(&mut ann, "ann", "yarn").await.unwrap();
    assert!(log_in(&server, &over).await.err().unwrap().contains("expired or does not exist"));
    let mut yarn = plain(&server, "", "yarn", "staple battery").await.unwrap();
    assert!(thrown(renew(&mut yarn, &over).await, ExceptionKind::Meta).contains("has ended"));
    let renews_itself = issue(&mut ann, "ann", "hive").await.unwrap();
    assert!(log_in(&server, &renews_itself).await.is_ok());
}

#[tokio::test]
async fn hiveserver_keeps_its_tokens_here() {
    let server = server_with_users(USERS).await;
    let mut hive = plain(&server, "", "hive", "battery staple").await.unwrap();
    let add = |identifier: &str, token: &str| args::AddToken {
        token_identifier: text(identifier),
        delegation_token: text(token),
    };
    assert!(hive.call::<methods::AddToken>(add("one", "first")).await.unwrap());
    assert!(!hive.call::<methods::AddToken>(add("one", "second")).await.unwrap());
    assert!(hive.call::<methods::AddToken>(add("two", "other")).await.unwrap());
    let get = |identifier: &str| args::GetToken { token_identifier: text(identifier) };
    assert_eq!(hive.call::<methods::GetToken>(get("one")).await.unwrap(), "first");
    assert_eq!(hive.call::<methods::GetToken>(get("none")).await.unwrap(), "");
    let all = hive.call::<methods::GetAllTokenIdentifiers>(args::GetAllTokenIdentifiers {}).await.unwrap();
    assert_eq!(all, ["one", "two"]);
    let remove = |identifier: &str| args::RemoveToken { token_identifier: text(identifier) };
    assert!(hive.call::<methods::RemoveToken>(remove("one")).await.unwrap());
    assert!(!hive.call::<methods::RemoveToken>(remove("one")).await.unwrap());

    let first = hive.call::<methods::AddMasterKey>(args::AddMasterKey { key: text("key a") }).await.unwrap();
    let second = hive.call::<methods::AddMasterKey>(args::AddMasterKey { key: text("key b") }).await.unwrap();
    assert!(second > first);
    let update = |id, key: &str| args::UpdateMasterKey { seq_number: Some(id), key: text(key) };
    hive.call::<methods::UpdateMasterKey>(update(first, "key c")).await.unwrap();
    let missing = hive.call::<methods::UpdateMasterKey>(update(second + 9, "key")).await;
    thrown(missing, ExceptionKind::NoSuchObject);
    let keys = hive.call::<methods::GetMasterKeys>(args::GetMasterKeys {}).await.unwrap();
    assert_eq!(keys, ["key c", "key b"]);
    assert!(hive.call::<methods::RemoveMasterKey>(args::RemoveMasterKey { key_seq: Some(first) }).await.unwrap());
    assert!(!hive.call::<methods::RemoveMasterKey>(args::RemoveMasterKey { key_seq: Some(first) }).await.unwrap());

    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let denied = ann.call::<methods::GetMasterKeys>(args::GetMasterKeys {}).await;
    assert!(matches!(denied, Err(CallError::Application { message, .. }) if message.contains("thrift_proxy_users")));
}
