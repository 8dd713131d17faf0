//! Those who do not log in as they should: each hears why, is gone, and harms nobody else.

use std::time::Duration;

use propolis::auth::login::Login;
use propolis::catalog::{Service, Users};
use propolis::config::Secret;
use propolis::hms::Limits;
use propolis_thrift::codec::{CallError, Protocol};
use propolis_thrift::{ExceptionKind, args, methods};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sasl::{BAD, COMPLETE, START, owner_of_new, plain, send, server_with_users, set_ugi, with_users};
use crate::support::{Client, Options, Server, text, thrown};

const ANN: (&str, &str) = ("ann", "correct horse");
const HIVE: (&str, &str) = ("hive", "battery staple");

/// A server with both users, and these limits.
async fn server_with(limits: Limits, login: fn(&Service) -> Login) -> Server {
    let server = Server::start_with(Options { login: Some(Box::new(login)), limits, ..Options::default() }).await;
    let users = Users::new(server.catalog.store().clone()).unwrap();
    for (name, password) in [ANN, HIVE] {
        users.add(name, &Secret::new(password)).await.unwrap();
    }
    server
}

async fn ann(server: &Server) -> Client {
    plain(server, "", ANN.0, ANN.1).await.unwrap()
}

/// All that the server says until it closes the connection.
async fn last_words(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // The server may reset a connection whose bytes it did not read.
    let _ = stream.read_to_end(&mut said).await;
    said
}

#[tokio::test]
async fn a_call_before_the_login_is_answered_and_not_carried_out() {
    let server = server_with_users(&[ANN]).await;
    for (protocol, framed) in [(Protocol::Binary, false), (Protocol::Binary, true), (Protocol::Compact, true)] {
        let mut stranger = Client::connect(server.address, protocol, framed).await;
        let new = propolis_thrift::types::Database { name: text("db"), ..Default::default() };
        let answer = stranger.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(new) }).await;
        let Err(CallError::Application { message, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!(message, "Log in first: this server takes PLAIN, DIGEST-MD5 with a delegation token");
        assert_eq!(last_words(&mut stranger.stream).await, b"");
    }
    let all = ann(&server).await.call::<methods::GetAllDatabases>(args::GetAllDatabases {}).await.unwrap();
    assert_eq!(all, ["default"]);
}

#[tokio::test]
async fn what_is_neither_a_login_nor_a_call_is_cut_off() {
    let server = server_with_users(&[ANN]).await;
    for (bytes, said) in [
        (&b"\x00\x00\x00\x09hello and so on"[..], "This server takes PLAIN"),
        (b"\x16\x03\x01\x02\x00 the beginning of TLS", ""),
        (b"POST /metastore HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "no login over HTTP"),
        (b"\x01\x00\x00\x00\x7f", ""),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let words = String::from_utf8_lossy(&last_words(&mut stream).await).into_owned();
        assert!(words.contains(said) && words.is_empty() == said.is_empty(), "{words:?}");
    }
    ann(&server).await;
}

#[tokio::test]
async fn names_that_break_lines_or_pretend_are_refused() {
    let server = server_with_users(&[ANN, HIVE]).await;
    let long = "a".repeat(257);
    for (user, name, password) in [
        ("", "an\0n", ANN.1),
        ("", "ann\n", ANN.1),
        ("", " ann", ANN.1),
        ("", "", ANN.1),
        ("", &long, ANN.1),
        ("root\nINFO propolis: ann logged in", HIVE.0, HIVE.1),
        ("root ", HIVE.0, HIVE.1),
        (&long, HIVE.0, HIVE.1),
    ] {
        let (status, message) = plain(&server, user, name, password).await.err().unwrap();
        assert!(message.contains("The name of a user has") || message.contains("not one of PLAIN"), "{message}");
        assert_eq!(status, BAD);
    }
    let mut hive = plain(&server, "", HIVE.0, HIVE.1).await.unwrap();
    thrown(set_ugi(&mut hive, "ro\not").await, ExceptionKind::Meta);
    thrown(set_ugi(&mut hive, &long).await, ExceptionKind::Meta);
    // To name nobody is to be who logged in.
    set_ugi(&mut hive, "").await.unwrap();
    assert_eq!(owner_of_new(&mut hive, "of_hive").await, "hive");
    let open = Server::start().await;
    thrown(set_ugi(&mut open.client().await, "ro\not").await, ExceptionKind::Meta);
}

#[tokio::test]
async fn who_guesses_has_to_wait() {
    let server = server_with_users(&[ANN, HIVE]).await;
    let mut early = ann(&server).await;
    for _ in 0..10 {
        let (_, message) = plain(&server, "", "ann", "correct house").await.err().unwrap();
        assert!(message.contains("the user or the password is wrong"), "{message}");
    }
    for password in ["correct house", ANN.1] {
        let (status, message) = plain(&server, "", "ann", password).await.err().unwrap();
        assert_eq!(
            (status, message.as_str()),
            (BAD, "Too many logins with a wrong password from 127.0.0.1: wait 60 seconds")
        );
    }
    // Others log in, and who is there stays.
    assert!(plain(&server, "", HIVE.0, HIVE.1).await.is_ok());
    early.call::<methods::GetName>(args::GetName {}).await.unwrap();
}

#[tokio::test]
async fn who_does_not_come_to_an_end_is_cut_off() {
    let limits = Limits { login_timeout: Duration::from_millis(300), ..Options::default().limits };
    let options = Options { login: Some(Box::new(with_users)), limits, ..Options::default() };
    let server = Server::start_with(options).await;
    for bytes in [
        &b""[..],
        b"\x01\x00",
        b"\x01\x00\x00\x00\x05PLAIN",
        b"\x01\x00\x00\x00\x05PLAIN\x05\x00\x00\x00\x10\x00ann",
        b"\x80\x01\x00\x01\x00\x00\x00\x09get",
        b"POST /metastore HTTP/1.1\r\nHost: h\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        assert_eq!(last_words(&mut stream).await, b"", "{bytes:?}");
    }
    // A refusal over HTTP keeps no connection either.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"POST /metastore HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert!(last_words(&mut stream).await.starts_with(b"HTTP/1.1 401"));
}

#[tokio::test]
async fn who_waits_with_many_connections_keeps_out_nobody_who_is_in() {
    let limits = Limits { max_connections: 100, ..Options::default().limits };
    let server = server_with(limits, with_users).await;
    let mut early = ann(&server).await;
    let mut halves = Vec::new();
    for _ in 0..25 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, START, b"DIGEST-MD5").await;
        halves.push(stream);
    }
    let mut more = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(last_words(&mut more).await, b"");
    early.call::<methods::GetName>(args::GetName {}).await.unwrap();

    // Those who come to an end make room.
    let mut half = halves.pop().unwrap();
    send(&mut half, BAD, b"never mind").await;
    assert_eq!(last_words(&mut half).await, b"");
    loop {
        // The server frees the place just after it has closed the connection.
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, START, b"PLAIN").await;
        send(&mut stream, COMPLETE, format!("\0{}\0{}", ANN.0, ANN.1).as_bytes()).await;
        let mut status = [0];
        if stream.read_exact(&mut status).await.is_ok() {
            assert_eq!(status, [COMPLETE]);
            break;
        }
    }
}

#[tokio::test]
async fn frames_after_the_login_have_a_limit_too() {
    let limits = Limits { max_request: 1 << 16, ..Options::default().limits };
    let server = server_with(limits, with_users).await;
    let mut early = ann(&server).await;
    let mut late = ann(&server).await;
    let long = "x".repeat(1 << 17);
    let message = propolis_thrift::Request::GetDatabase(args::GetDatabase { name: text(&long) });
    let message = propolis_thrift::codec::encode_call(Protocol::Binary, 1, &message).unwrap().into_bytes();
    // The server may be gone before all is written.
    let _ = late.stream.write_all(&(message.len() as u32).to_be_bytes()).await;
    let _ = late.stream.write_all(&message).await;
    assert_eq!(last_words(&mut late.stream).await, b"");
    early.call::<methods::GetName>(args::GetName {}).await.unwrap();
}

fn from_elsewhere(catalog: &Service) -> Login {
    Login { proxy_networks: vec!["10.0.0.0/8".parse().unwrap()], ..with_users(catalog) }
}

fn from_here(catalog: &Service) -> Login {
    Login { proxy_networks: vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.0/8".parse().unwrap()], ..with_users(catalog) }
}

#[tokio::test]
async fn proxy_users_act_for_others_from_where_they_may() {
    let limits = || Options::default().limits;
    let server = server_with(limits(), from_elsewhere).await;
    let (_, message) = plain(&server, "ann", HIVE.0, HIVE.1).await.err().unwrap();
    assert_eq!(message, "hive may not act for ann from 127.0.0.1: that is not in thrift_proxy_networks");
    let mut hive = plain(&server, "", HIVE.0, HIVE.1).await.unwrap();
    thrown(set_ugi(&mut hive, "ann").await, ExceptionKind::Meta);
    let ask = args::GetDelegationToken { token_owner: text("ann"), renewer_kerberos_principal_name: text("yarn") };
    thrown(hive.call::<methods::GetDelegationToken>(ask).await, ExceptionKind::Meta);
    let keys = hive.call::<methods::GetMasterKeys>(args::GetMasterKeys {}).await;
    assert!(matches!(keys, Err(CallError::Application { message, .. }) if message.contains("thrift_proxy_users")));
    assert_eq!(owner_of_new(&mut hive, "of_hive").await, "hive");

    let server = server_with(limits(), from_here).await;
    let mut for_ann = plain(&server, "ann", HIVE.0, HIVE.1).await.unwrap();
    assert_eq!(owner_of_new(&mut for_ann, "of_ann").await, "ann");
}
