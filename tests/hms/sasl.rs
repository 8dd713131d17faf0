//! Logging in by SASL.

use std::collections::HashSet;

use propolis::auth::login::Login;
use propolis::auth::login::ldap::Ldap;
use propolis::catalog::{Service, Users};
use propolis::config::{Flags, Secret, Settings};
use propolis_thrift::{ExceptionKind, args, methods};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Client, Options, Server, text, texts, thrown, tls};

pub const START: u8 = 1;
pub const OK: u8 = 2;
pub const BAD: u8 = 3;
const ERROR: u8 = 4;
pub const COMPLETE: u8 = 5;

pub async fn send(stream: &mut (impl AsyncWrite + Unpin), status: u8, payload: &[u8]) {
    let message = [&[status], &(payload.len() as u32).to_be_bytes()[..], payload].concat();
    stream.write_all(&message).await.unwrap();
}

pub async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let status = stream.read_u8().await.unwrap();
    let mut payload = vec![0; stream.read_u32().await.unwrap() as usize];
    stream.read_exact(&mut payload).await.unwrap();
    (status, payload)
}

/// A client that logged in, or what the server said.
pub async fn plain(server: &Server, user: &str, name: &str, password: &str) -> Result<Client, (u8, String)> {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    send(&mut stream, START, b"PLAIN").await;
    send(&mut stream, COMPLETE, format!("{user}\0{name}\0{password}").as_bytes()).await;
    match receive(&mut stream).await {
        (COMPLETE, _) => Ok(Client::over(stream)),
        (status, message) => Err((status, String::from_utf8(message).unwrap())),
    }
}

/// For users kept here, of whom `hive` may act for others.
pub fn with_users(catalog: &Service) -> Login {
    Login {
        users: Some(Users::new(catalog.store().clone()).unwrap()),
        proxy_users: HashSet::from(["hive".to_owned()]),
        ..Login::none(catalog)
    }
}

pub async fn server_with_users(users: &[(&str, &str)]) -> Server {
    let server = Server::start_with(Options { login: Some(Box::new(with_users)), ..Options::default() }).await;
    let kept = Users::new(server.catalog.store().clone()).unwrap();
    for (name, password) in users {
        kept.add(name, &Secret::new(*password)).await.unwrap();
    }
    server
}

/// Who owns what this client makes.
pub async fn owner_of_new(client: &mut Client, database: &str) -> String {
    client.create_database(database).await;
    let made = client.call::<methods::GetDatabase>(args::GetDatabase { name: text(database) }).await.unwrap();
    made.owner_name.unwrap().to_string()
}

pub async fn set_ugi(client: &mut Client, user: &str) -> Result<(), propolis_thrift::codec::CallError> {
    let ugi = args::SetUgi { user_name: text(user), group_names: Some(texts(&["staff"])) };
    client.call::<methods::SetUgi>(ugi).await.map(drop)
}

#[tokio::test]
async fn users_log_in_with_their_passwords() {
    let server = server_with_users(&[("ann", "correct horse"), ("bob", "battery staple")]).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    assert_eq!(owner_of_new(&mut ann, "of_ann").await, "ann");
    let mut bob = plain(&server, "bob", "bob", "battery staple").await.unwrap();
    assert_eq!(owner_of_new(&mut bob, "of_bob").await, "bob");

    for (user, name, password) in [
        ("", "ann", "battery staple"),
        ("", "ann", ""),
        ("", "eve", "correct horse"),
        ("", "ann ", "correct horse"),
        ("bob", "ann", "correct horse"),
    ] {
        let (status, message) = plain(&server, user, name, password).await.err().unwrap();
        assert_eq!(status, BAD, "{message}");
    }
}

#[tokio::test]
async fn removed_users_and_old_passwords_are_refused() {
    let server = server_with_users(&[("ann", "correct horse"), ("bob", "battery staple")]).await;
    let users = Users::new(server.catalog.store().clone()).unwrap();
    users.set_password("ann", &Secret::new("hunter22")).await.unwrap();
    users.remove("bob").await.unwrap();
    assert!(plain(&server, "", "ann", "correct horse").await.is_err());
    assert!(plain(&server, "", "ann", "hunter22").await.is_ok());
    assert!(plain(&server, "", "bob", "battery staple").await.is_err());

    let names: Vec<_> = users.list().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["ann"]);
    let wrong = |text: &str| Secret::new(text);
    assert!(users.add("ann", &wrong("hunter22")).await.unwrap_err().message.contains("exists already"));
    assert!(users.add("eve", &wrong("short")).await.unwrap_err().message.contains("8 to 1024 bytes"));
    assert!(users.add("e,ve", &wrong("hunter22")).await.unwrap_err().message.contains("without spaces and commas"));
    assert!(users.set_password("bob", &wrong("hunter22")).await.unwrap_err().message.contains("no user"));
    assert!(users.remove("bob").await.unwrap_err().message.contains("no user"));
}

#[tokio::test]
async fn only_proxy_users_act_for_others() {
    let server = server_with_users(&[("ann", "correct horse"), ("hive", "battery staple")]).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    set_ugi(&mut ann, "ann").await.unwrap();
    let refused = thrown(set_ugi(&mut ann, "root").await, ExceptionKind::Meta);
    assert!(refused.contains("ann may not act for root") && refused.contains("thrift_proxy_users"), "{refused}");
    assert_eq!(owner_of_new(&mut ann, "of_ann").await, "ann");

    let mut hive = plain(&server, "", "hive", "battery staple").await.unwrap();
    assert_eq!(owner_of_new(&mut hive, "of_hive").await, "hive");
    set_ugi(&mut hive, "root").await.unwrap();
    assert_eq!(owner_of_new(&mut hive, "of_root").await, "root");
    let mut for_ann = plain(&server, "ann", "hive", "battery staple").await.unwrap();
    assert_eq!(owner_of_new(&mut for_ann, "for_ann").await, "ann");
}

#[tokio::test]
async fn who_does_not_log_in_is_told_how_to() {
    let server = server_with_users(&[]).await;
    for (mechanism, said) in [("GSSAPI", "this server takes PLAIN"), ("ANONYMOUS", "Unsupported mechanism")] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        send(&mut stream, START, mechanism.as_bytes()).await;
        let (status, message) = receive(&mut stream).await;
        assert_eq!(status, BAD);
        assert!(String::from_utf8(message).unwrap().contains(said));
    }

    let open = Server::start().await;
    let (_, message) = plain(&open, "", "ann", "correct horse").await.err().unwrap();
    assert!(message.contains("no login (thrift_auth is none)"), "{message}");
}

#[tokio::test]
async fn broken_logins_end_their_own_connection_only() {
    let server = server_with_users(&[("ann", "correct horse")]).await;
    let long = [&[START], &[0, 0, 0, 0x7f][..], &[b'A'; 200]].concat();
    let huge = [&[START, 0, 0, 0, 5][..], b"PLAIN", &[COMPLETE, 0x7f, 0xff, 0xff, 0xff]].concat();
    let abandoned = [&[START, 0, 0, 0, 5][..], b"PLAIN", &[BAD, 0, 0, 0, 2], b"no"].concat();
    for bytes in [long, huge, abandoned] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut said = Vec::new();
        // The server may reset a connection whose bytes it did not read.
        let _ = stream.read_to_end(&mut said).await;
        assert!(said.is_empty(), "{said:?}");
    }
    assert!(plain(&server, "", "ann", "correct horse").await.is_ok());
}

#[tokio::test]
async fn logins_are_the_same_over_tls() {
    let (tls, connector) = tls();
    let options = Options { tls: Some(tls), login: Some(Box::new(with_users)), ..Options::default() };
    let server = Server::start_with(options).await;
    let users = Users::new(server.catalog.store().clone()).unwrap();
    users.add("ann", &Secret::new("correct horse")).await.unwrap();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    send(&mut stream, START, b"PLAIN").await;
    send(&mut stream, COMPLETE, b"\0ann\0correct horse").await;
    assert_eq!(receive(&mut stream).await, (COMPLETE, Vec::new()));

    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(b"POST /metastore HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("no login over HTTP"), "{answer}");
}

#[tokio::test]
async fn calls_may_be_split_over_frames_as_a_client_likes() {
    let server = server_with_users(&[("ann", "correct horse")]).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    let request = propolis_thrift::Request::GetName(args::GetName {});
    let call = propolis_thrift::codec::encode_call(propolis_thrift::codec::Protocol::Binary, 1, &request).unwrap();
    let call = call.into_bytes();
    for piece in [&call[..0], &call[..3], &call[3..4], &call[4..]] {
        ann.stream.write_all(&(piece.len() as u32).to_be_bytes()).await.unwrap();
        ann.stream.write_all(piece).await.unwrap();
    }
    assert_eq!(ann.result::<methods::GetName>().await.unwrap(), "Propolis");
}

/// Answers binds: 0 for these names and passwords, 49 for all others, and one name to every search.
async fn directory(accounts: &'static [(&'static str, &'static str)], found: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                // Messages here are shorter than 128 bytes: a type and a length take two.
                let mut head = [0; 2];
                while stream.read_exact(&mut head).await.is_ok() {
                    let mut message = vec![0; head[1].into()];
                    stream.read_exact(&mut message).await.unwrap();
                    let (id, operation) = (message[2], message[3]);
                    match operation {
                        0x60 => {
                            let name = &message[10..][..message[9].into()];
                            let password = &message[10 + name.len() + 2..];
                            let right = accounts.iter().any(|(n, p)| n.as_bytes() == name && p.as_bytes() == password);
                            let code = if right { 0 } else { 49 };
                            let answer = [0x30, 12, 2, 1, id, 0x61, 7, 10, 1, code, 4, 0, 4, 0];
                            stream.write_all(&answer).await.unwrap();
                        }
                        0x63 => {
                            let length = found.len() as u8;
                            let entry = [0x30, length + 9, 2, 1, id, 0x64, length + 4, 4, length];
                            let done = [0x30, 12, 2, 1, id, 0x65, 7, 10, 1, 0, 4, 0, 4, 0];
                            let entry = [&entry[..], found.as_bytes(), &[0x30, 0]].concat();
                            stream.write_all(&[&entry[..], &done].concat()).await.unwrap();
                        }
                        _ => return,
                    }
                }
            });
        }
    });
    url
}

async fn server_with_directory(values: &[(&'static str, &str)]) -> Server {
    let values = values.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let settings = Settings::load(&Flags { config: None, values }).unwrap().settings;
    let login = move |catalog: &Service| Login { ldap: Some(Ldap::new(&settings)), ..Login::none(catalog) };
    Server::start_with(Options { login: Some(Box::new(login)), ..Options::default() }).await
}

#[tokio::test]
async fn passwords_of_a_directory() {
    let accounts = &[
        ("uid=ann,ou=people,dc=example", "correct horse"),
        ("cn=o\\2cneil,ou=staff", "battery staple"),
        ("cn=reader", "reading"),
    ];
    let url = directory(accounts, "uid=ann,ou=people,dc=example").await;
    // A server that is away is passed over.
    let urls = format!("ldap://127.0.0.1:1 {url}");
    let put_together = [
        ("thrift_auth", "ldap"),
        ("ldap_url", &urls),
        ("ldap_user_dn_pattern", "cn=%s,ou=staff:uid=%s,ou=people,dc=example"),
    ];
    let server = server_with_directory(&put_together).await;
    let mut ann = plain(&server, "", "ann", "correct horse").await.unwrap();
    assert_eq!(owner_of_new(&mut ann, "of_ann").await, "ann");
    assert!(plain(&server, "", "o,neil", "battery staple").await.is_ok());
    for (name, password) in [("ann", "battery staple"), ("ann", " "), ("ann,ou=people", "correct horse")] {
        assert_eq!(plain(&server, "", name, password).await.err().unwrap().0, BAD);
    }

    let searched = [
        ("thrift_auth", "ldap"),
        ("ldap_url", &url),
        ("ldap_base_dn", "dc=example"),
        ("ldap_bind_dn", "cn=reader"),
        ("ldap_bind_password", "reading"),
    ];
    let server = server_with_directory(&searched).await;
    assert!(plain(&server, "", "ann", "correct horse").await.is_ok());
    assert_eq!(plain(&server, "", "ann", "reading").await.err().unwrap().0, BAD);

    for (users, admitted) in [("bob, Ann", true), ("bob", false)] {
        let some = [&put_together[..], &[("ldap_user_filter", users)]].concat();
        let server = server_with_directory(&some).await;
        assert_eq!(plain(&server, "", "ann", "correct horse").await.is_ok(), admitted);
    }

    let away = [("thrift_auth", "ldap"), ("ldap_url", "ldap://127.0.0.1:1"), ("ldap_base_dn", "dc=example")];
    let server = server_with_directory(&away).await;
    let (status, message) = plain(&server, "", "ann", "correct horse").await.err().unwrap();
    assert_eq!((status, message.contains("does not answer")), (ERROR, true), "{message}");
}
