//! What a metastore that asks for logins asks in turn: a directory, a Kerberos realm, a set of keys of bearer tokens.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;
use tempfile::TempDir;

use crate::debian::Unpacked;
use crate::server::{Server, free_port};
use crate::{cache, python};

const REALM: &str = "EXAMPLE.ORG";
/// Whom clients ask for a ticket to.
pub const SERVICE: &str = "hive/localhost@EXAMPLE.ORG";
/// Who is in the directory, with which password, and in the group that may log in.
pub const IN_DIRECTORY: (&str, &str) = ("lea", "secret-of-lea");
pub const GROUP: &str = "hive";
/// Who is there too, and not in the group.
pub const OUTSIDE: (&str, &str) = ("max", "secret-of-max");
/// Who has a key of the realm.
pub const IN_REALM: &str = "ann";

/// The packages of both servers, and the library that the metastore loads.
pub fn packages() -> Result<Unpacked> {
    Unpacked::packages("debian-logins", &["slapd", "krb5-kdc", "krb5-admin-server", "libgssapi-krb5-2"])
}

/// OpenLDAP's server, with two persons somewhere in its tree.
pub struct Directory {
    pub url: String,
    _server: Server,
    _folder: TempDir,
}

impl Directory {
    pub const BASE: &str = "dc=example,dc=org";
    pub const READER: (&str, &str) = ("cn=reader,dc=example,dc=org", "secret-of-reader");

    pub fn start(packages: &Unpacked) -> Result<Directory> {
        let folder = tempfile::Builder::new().prefix("slapd-").tempdir()?;
        let (at, root) = (folder.path().display(), packages.root.display());
        let (reader, reader_password) = Self::READER;
        let base = Self::BASE;
        fs::create_dir(folder.path().join("db"))?;
        let schemas = ["core", "cosine", "inetorgperson"];
        let schemas = schemas.map(|schema| format!("include {root}/etc/ldap/schema/{schema}.schema\n")).concat();
        fs::write(
            folder.path().join("slapd.conf"),
            format!(
                "{schemas}pidfile {at}/pid\nmodulepath {root}/usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\n\
                 suffix {base}\nrootdn {reader}\nrootpw {reader_password}\ndirectory {at}/db\n"
            ),
        )?;
        let person = |(name, password): (&str, &str)| {
            format!(
                "dn: cn={name} Example,ou=people,{base}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name} Example\n\
                 sn: Example\nuserPassword: {password}\n\n"
            )
        };
        let persons = [IN_DIRECTORY, OUTSIDE].map(person).concat();
        let (member, _) = IN_DIRECTORY;
        fs::write(
            folder.path().join("data.ldif"),
            format!(
                "dn: {base}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
                 dn: ou=people,{base}\nobjectClass: organizationalUnit\nou: people\n\n\
                 {persons}\
                 dn: cn={GROUP},{base}\nobjectClass: groupOfNames\ncn: {GROUP}\n\
                 member: cn={member} Example,ou=people,{base}\n"
            ),
        )?;
        let configured = |program: &str| {
            let mut command = packages.program(program);
            command.arg("-f").arg(folder.path().join("slapd.conf"));
            command
        };
        python::run(configured("usr/sbin/slapadd").arg("-l").arg(folder.path().join("data.ldif")))?;
        let port = free_port()?;
        let url = format!("ldap://127.0.0.1:{port}");
        // With a level of debugging it stays in the foreground.
        let mut command = configured("usr/sbin/slapd");
        command.args(["-h", &url, "-d", "0"]);
        let server = Server::start_until(&mut command, cache::log_file("slapd")?, || listens(port))?;
        Ok(Directory { url, _server: server, _folder: folder })
    }
}

/// MIT's key distribution centre, for one service and one user.
pub struct Realm {
    folder: TempDir,
    _server: Server,
}

impl Realm {
    pub fn start(packages: &Unpacked) -> Result<Realm> {
        let folder = tempfile::Builder::new().prefix("krb5-").tempdir()?;
        let at = folder.path().display();
        let port = free_port()?;
        // By TCP only, and with no name asked of DNS.
        fs::write(
            folder.path().join("krb5.conf"),
            format!(
                "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
                 rdns = false\n dns_canonicalize_hostname = false\n udp_preference_limit = 1\n\
                 [realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n[domain_realm]\n localhost = {REALM}\n\
                 [dbmodules]\n db_module_dir = {}/krb5/plugins/kdb\n",
                packages.libraries.display()
            ),
        )?;
        fs::write(
            folder.path().join("kdc.conf"),
            format!(
                "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
                 [realms]\n {REALM} = {{\n  database_name = {at}/principal\n  key_stash_file = {at}/stash\n \
                 acl_file = {at}/acl\n }}\n"
            ),
        )?;
        let configured = |program: &str| {
            let mut command = packages.program(program);
            command.env("KRB5_CONFIG", folder.path().join("krb5.conf"));
            command.env("KRB5_KDC_PROFILE", folder.path().join("kdc.conf"));
            command
        };
        python::run(configured("usr/sbin/kdb5_util").args(["create", "-s", "-P", "master", "-r", REALM]))?;
        for principal in [SERVICE, IN_REALM] {
            let keytab = folder.path().join(keytab(principal));
            for query in
                [format!("addprinc -randkey {principal}"), format!("ktadd -k {} {principal}", keytab.display())]
            {
                python::run(configured("usr/sbin/kadmin.local").args(["-q", &query]))?;
            }
        }
        let mut command = configured("usr/sbin/krb5kdc");
        command.arg("-n");
        let server = Server::start_until(&mut command, cache::log_file("krb5kdc")?, || listens(port))?;
        Ok(Realm { folder, _server: server })
    }

    /// What programs find the realm by.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("krb5.conf")
    }

    pub fn keytab(&self, principal: &str) -> PathBuf {
        self.folder.path().join(keytab(principal))
    }
}

fn keytab(principal: &str) -> String {
    format!("{}.keytab", principal.split(['/', '@']).next().unwrap_or_default())
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Makes a key, and `path` with the set that it is in; a token for `user` that it signed.
pub fn bearer_token(path: &Path, user: &str) -> Result<String> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok();
    let key = key.and_then(|key| Ed25519KeyPair::from_pkcs8(key.as_ref()).ok()).context("no key could be made")?;
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let x = encode(key.public_key().as_ref());
    fs::write(path, json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": x }] }).to_string())?;
    let header = json!({ "alg": "EdDSA", "kid": "one" }).to_string();
    let text = format!("{}.{}", encode(header.as_bytes()), encode(json!({ "sub": user }).to_string().as_bytes()));
    Ok(format!("{text}.{}", encode(key.sign(text.as_bytes()).as_ref())))
}

/// Logs in as Hive's clients do by SASL PLAIN; an error that ends with what the server said.
pub fn log_in(uri: &str, (user, password): (&str, &str)) -> Result<()> {
    let mut stream = TcpStream::connect(uri.trim_start_matches("thrift://"))?;
    let mut send = |status: u8, text: &str| {
        let message = [&[status], &(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat();
        stream.write_all(&message)
    };
    send(1, "PLAIN")?;
    send(5, &format!("\0{user}\0{password}"))?;
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [status, length @ ..] = head;
    let mut said = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut said)?;
    ensure!(status == 5, "{user} is refused: {}", String::from_utf8_lossy(&said));
    Ok(())
}

/// For the metastore's command: where it finds the library for Kerberos, and its realm.
pub fn with_kerberos(command: &mut Command, packages: &Unpacked, realm: &Realm) {
    command.env("LD_LIBRARY_PATH", &packages.libraries).env("KRB5_CONFIG", realm.config());
}
