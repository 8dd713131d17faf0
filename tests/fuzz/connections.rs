//! Connections of clients that are broken, or mean harm: each ends, with an answer or without, and others go on.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use propolis::auth::login::Login;
use propolis::catalog::{Service, Users};
use propolis::config::Secret;
use propolis_thrift::args::GetAllDatabases;
use propolis_thrift::codec::Protocol;
use propolis_thrift::{METHODS, methods};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Watch, cases, corpus, dice, keep};
use crate::mutation::mutate;
use crate::support::{Client, Options, Server, table};
use crate::wire::requests;

/// A connection costs as much as a hundred messages.
const SHARE: u64 = 20;
const LONGEST: usize = 64 << 10;
/// Whoever waits longer is not answered any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Panics of servers.
static PANICS: LazyLock<&'static AtomicUsize> = LazyLock::new(|| {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Not those of other tests, which have threads by their names.
        let of_a_server = std::thread::current().name().is_some_and(|name| name.starts_with("tokio"));
        COUNT.fetch_add(usize::from(of_a_server), Ordering::Relaxed);
        before(info);
    }));
    &COUNT
});

/// Methods that change nothing. Others might delete, wherever the bytes happen to say.
fn is_harmless(input: &[u8]) -> bool {
    static CHANGING: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let reading = ["get_", "partition_name_", "isPartitionMarked", "getName", "getVersion", "set_ugi"];
        let changes = |name: &&str| !reading.iter().any(|begin| name.starts_with(begin));
        METHODS.iter().map(|method| method.name).filter(changes).collect()
    });
    !CHANGING.iter().any(|name| input.windows(name.len()).any(|part| part == name.as_bytes()))
}

fn framed(request: &[u8]) -> Vec<u8> {
    [&(request.len() as u32).to_be_bytes(), request].concat()
}

fn posted(request: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /metastore HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-thrift\r\nx-actor-username: ann\r\n\
         Content-Length: {}\r\n\r\n",
        request.len()
    );
    [head.as_bytes(), request].concat()
}

async fn talk(server: &Server, input: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        // The server may have hung up.
        let _ = writing.write_all(input).await;
        let _ = writing.shutdown().await;
    };
    let receive = async {
        let _ = reading.read_to_end(&mut answer).await;
    };
    if tokio::time::timeout(PATIENCE, async { tokio::join!(send, receive) }).await.is_err() {
        panic!("no end of the connection after {}", keep("connections", input).display());
    }
    answer
}

async fn run(name: &'static str, server: &Server, good: &mut Client, seeds: Vec<Vec<u8>>) {
    let panics = PANICS.load(Ordering::Relaxed);
    let mut pool: Vec<_> = seeds.into_iter().filter(|seed| is_harmless(seed)).collect();
    let watched = Watch::start(name);
    let mut dice = dice();
    let mut lengths = HashSet::new();
    let (mut answered, mut skipped) = (0, 0);
    let cases = cases() / SHARE;
    let untouched = pool.len() as u64;
    for case in 0..untouched + cases {
        let mut input = match pool.get(case as usize) {
            Some(seed) if case < untouched => seed.clone(),
            _ => {
                let mut input = dice.one_of(&pool).clone();
                mutate(&mut input, &pool, LONGEST, &mut dice);
                input
            }
        };
        if !is_harmless(&input) {
            skipped += 1;
            continue;
        }
        watched.begin(&input);
        let answer = talk(server, &input).await;
        let defect = b"a defect in the server";
        let broken = answer.windows(defect.len()).any(|part| part == defect) || PANICS.load(Ordering::Relaxed) > panics;
        assert!(!broken, "the server panicked at {}", keep(name, &input).display());
        answered += usize::from(!answer.is_empty());
        if lengths.insert(answer.len()) && pool.len() < 5000 {
            pool.push(std::mem::take(&mut input));
        }
        if case % 50 == 0 {
            let names = good.call::<methods::GetAllDatabases>(GetAllDatabases {}).await.unwrap();
            assert_eq!(names, ["default"]);
        }
    }
    println!(
        "{name}: {} connections, {answered} answered, {skipped} left out as they would change something",
        untouched + cases
    );
}

/// Every framing and protocol, and HTTP.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls() {
    let server = Server::start().await;
    let mut good = server.client().await;
    good.create_table(table("default", "t", &[("a", "int")], &[("p", "string"), ("q", "int")])).await;
    let (binary, compact) = (requests(Protocol::Binary), requests(Protocol::Compact));
    let mut seeds = corpus("connections");
    for of_one in [&binary, &compact] {
        seeds.extend(of_one.iter().cloned());
        seeds.extend(of_one.iter().map(|request| framed(request)));
        seeds.extend(of_one.iter().map(|request| posted(request)));
    }
    run("connections", &server, &mut good, seeds).await;
}

fn with_users(catalog: &Service) -> Login {
    Login { users: Some(Users::new(catalog.store().clone()).unwrap()), ..Login::none(catalog) }
}

/// Logins, and what follows them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins() {
    let server = Server::start_with(Options { login: Some(Box::new(with_users)), ..Options::default() }).await;
    let users = Users::new(server.catalog.store().clone()).unwrap();
    users.add("ann", &Secret::new("correct horse")).await.unwrap();
    let message = |status: u8, payload: &[u8]| [&[status], &(payload.len() as u32).to_be_bytes()[..], payload].concat();
    let plain = [message(1, b"PLAIN"), message(5, b"\0ann\0correct horse")].concat();
    let digest = |response: &[u8]| [message(1, b"DIGEST-MD5"), message(5, b""), message(5, response)].concat();
    let mut seeds = corpus("logins");
    seeds.push(digest(
        br#"charset=utf-8,username="AAE=",realm="default",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="hive/localhost",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#,
    ));
    seeds.push([message(1, b"GSSAPI"), message(5, b"\x60\x82\x02\x01\x06\x09")].concat());
    // Each of these makes the server hash a password, which takes long on purpose.
    seeds.extend(requests(Protocol::Binary).iter().take(3).map(|request| [plain.clone(), framed(request)].concat()));
    let mut good = TcpStream::connect(server.address).await.unwrap();
    good.write_all(&plain).await.unwrap();
    let mut head = [0; 5];
    good.read_exact(&mut head).await.unwrap();
    assert_eq!(head, [5, 0, 0, 0, 0]);
    run("logins", &server, &mut Client::over(good), seeds).await;
}
