//! The wire: transports, protocols, and what clients that misbehave get.

use std::time::Duration;

use propolis_thrift::codec::{self, ApplicationExceptionKind, CallError, Protocol};
use propolis_thrift::{Method, args, methods};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Client, Options, Server, text, tls};

async fn ask(client: &mut Client) {
    let names = client.call::<methods::GetAllDatabases>(args::GetAllDatabases {}).await.unwrap();
    assert_eq!(names, ["default"]);
}

#[tokio::test]
async fn every_protocol_and_framing_on_one_port() {
    let server = Server::start().await;
    for protocol in [Protocol::Binary, Protocol::Compact] {
        for framed in [true, false] {
            let mut client = Client::connect(server.address, protocol, framed).await;
            for _ in 0..3 {
                ask(&mut client).await;
            }
        }
    }
}

/// A call of an unknown method with one string argument, in the binary protocol.
fn unknown_call() -> Vec<u8> {
    let mut message = vec![0x80, 1, 0, 1, 0, 0, 0, 6];
    message.extend_from_slice(b"foobar");
    message.extend_from_slice(&[0, 0, 0, 9, 11, 0, 1, 0, 0, 0, 2, b'h', b'i', 0]);
    message
}

#[tokio::test]
async fn an_unknown_method_is_answered_and_the_connection_lives_on() {
    let server = Server::start().await;
    for framed in [true, false] {
        let mut client = Client::connect(server.address, Protocol::Binary, framed).await;
        client.send(&unknown_call()).await;
        match client.result::<methods::GetAllDatabases>().await {
            Err(CallError::Application { kind, message }) => {
                assert_eq!(kind, ApplicationExceptionKind::UNKNOWN_METHOD);
                assert_eq!(message, "Invalid method name: 'foobar'");
            }
            other => panic!("{other:?}"),
        }
        ask(&mut client).await;
    }
}

#[tokio::test]
async fn strings_that_are_not_utf8_are_refused_and_the_connection_lives_on() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut message = vec![0x80, 1, 0, 1, 0, 0, 0, 12];
    message.extend_from_slice(b"get_database");
    message.extend_from_slice(&[0, 0, 0, 1, 11, 0, 1, 0, 0, 0, 2, 0xff, 0xfe, 0]);
    client.send(&message).await;
    let refused = client.result::<methods::GetDatabase>().await;
    assert!(
        matches!(&refused, Err(CallError::Application { kind, .. }) if *kind == ApplicationExceptionKind::PROTOCOL_ERROR),
        "{refused:?}"
    );
    ask(&mut client).await;
}

#[tokio::test]
async fn garbage_closes_only_its_own_connection() {
    let server = Server::start().await;
    let mut good = server.client().await;
    ask(&mut good).await;
    let huge_list = [0x80, 1, 0, 1, 0, 0, 0, 1, b'm', 0, 0, 0, 1, 15, 0, 1, 12, 0x7f, 0xff, 0xff, 0xff];
    for garbage in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], &[0xff; 64], &[0x7f, 0xff, 0xff, 0xff, 0x80, 1, 0, 1], &huge_list]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        // Closed without an answer; a reset counts as closed.
        let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(rest, b"", "{garbage:?}");
        ask(&mut good).await;
    }
}

#[tokio::test]
async fn a_request_over_the_limit_closes_its_connection() {
    let mut options = Options::default();
    options.limits.max_request = 10_000;
    let server = Server::start_with(options).await;
    for framed in [true, false] {
        let mut client = Client::connect(server.address, Protocol::Binary, framed).await;
        let long = "x".repeat(20_000);
        let message = propolis_thrift::codec::encode_call(
            Protocol::Binary,
            1,
            &<methods::GetDatabase as propolis_thrift::Method>::request(args::GetDatabase { name: text(&long) }),
        )
        .unwrap()
        .into_bytes();
        let _ = client.stream.write_all(&(message.len() as u32).to_be_bytes()[..if framed { 4 } else { 0 }]).await;
        let _ = client.stream.write_all(&message).await;
        let mut rest = Vec::new();
        let _ = client.stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    ask(&mut server.client().await).await;
}

#[tokio::test]
async fn connections_are_limited_and_idle_ones_closed() {
    let mut options = Options::default();
    options.limits.max_connections = 2;
    options.limits.idle_timeout = Duration::from_millis(300);
    let server = Server::start_with(options).await;
    let mut first = server.client().await;
    let mut second = server.client().await;
    ask(&mut first).await;
    ask(&mut second).await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(third.read(&mut [0; 1]).await.unwrap_or(0), 0, "a third connection is closed at once");
    assert_eq!(first.stream.read(&mut [0; 1]).await.unwrap(), 0, "an idle connection is closed");
    assert_eq!(second.stream.read(&mut [0; 1]).await.unwrap(), 0);
    ask(&mut server.client().await).await;
}

#[tokio::test]
async fn over_tls_the_same_is_served_and_without_it_nothing() {
    let (tls, connector) = tls();
    let server = Server::start_with(Options { tls: Some(tls), ..Options::default() }).await;

    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let call = codec::encode_call(Protocol::Binary, 7, &methods::GetAllDatabases::request(args::GetAllDatabases {}));
    let call = call.unwrap().into_bytes();
    stream.write_all(&(call.len() as u32).to_be_bytes()).await.unwrap();
    stream.write_all(&call).await.unwrap();
    let mut reply = vec![0; stream.read_u32().await.unwrap() as usize];
    stream.read_exact(&mut reply).await.unwrap();
    let names = codec::decode_result::<methods::GetAllDatabases>(Protocol::Binary, reply.into()).unwrap();
    assert_eq!(names, ["default"]);

    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(&call).await.unwrap();
    let mut rest = Vec::new();
    let _ = plain.read_to_end(&mut rest).await;
    assert!(codec::decode_result::<methods::GetAllDatabases>(Protocol::Binary, rest.into()).is_err());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let missing = std::path::Path::new("/nowhere/cert.pem");
    let refused = propolis::hms::server::tls_acceptor(missing, missing).err().unwrap();
    assert!(refused.message.starts_with("tls_cert /nowhere/cert.pem cannot be used"), "{}", refused.message);
}
