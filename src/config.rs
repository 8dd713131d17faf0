//! Every setting of the server: one flat list, the same names in the TOML file, the environment
//! (`PROPOLIS_` and the name in capitals) and on the command line where a flag exists.
//!
//! Precedence: flag, environment, file, default. All values are read and checked before anything
//! starts, and all problems are reported together.

pub mod hive;
mod load;
mod login;
mod principals;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::warehouse::ObjectStoreSettings;

pub use hive::Hive;
pub use load::{Flags, Loaded, Problem, SettingsError};
pub use login::split_principal;
pub use principals::PrincipalRules;
pub use value::{ByteSize, LogFormat, LoginMethod, LoginMethods, Networks, Protection, Protections, Secret, Tolerance};

/// A setting as the reference lists it.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// The key in the file; the variable is `PROPOLIS_` and the key in capitals.
    pub key: &'static str,
    /// The default as one would write it; empty where there is none or it depends on the machine.
    pub default: &'static str,
    /// What it does, and what follows from a value too low or too high.
    pub doc: &'static str,
}

impl Reference {
    pub fn variable(&self) -> String {
        format!("{}{}", load::PREFIX, self.key.to_uppercase())
    }
}

/// One line a setting makes the field, its default, its place in the reference and its reading.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:literal;)+) => {
        /// The settings of one run, read and checked; see [`Settings::load`].
        #[derive(Debug, Clone)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $key: $type,)+
            /// What is set by Hive's own names.
            pub hive: Hive,
        }

        impl Settings {
            /// All settings in the order of the reference.
            pub const REFERENCE: &'static [Reference] = &[
                $(Reference { key: stringify!($key), default: $default, doc: concat!($($doc),+) },)+
            ];

            fn read(reader: &mut load::Reader<'_>) -> Option<Self> {
                $(let $key = reader.value::<$type>(stringify!($key), $default);)+
                // Only after every setting was looked at, so that all problems are known.
                Some(Self { $($key: $key?,)+ hive: reader.hive.clone() })
            }
        }
    };
}

settings! {
    /// The directory of everything Propolis keeps on this machine: its own Postgres and, by default,
    /// the warehouses. Default: `/var/lib/propolis` for root, else `$XDG_DATA_HOME/propolis` or
    /// `~/.local/share/propolis`. One server a directory; another directory is another, empty catalog.
    data_dir: PathBuf = "";

    /// `postgres://user:password@host/database` of a Postgres 15 or newer that holds the catalog.
    /// Several servers may share one. Unset: Propolis runs its own Postgres under `data_dir`.
    database_url: Option<Secret> = "";

    /// Connections to Postgres at most. Too few: requests queue although Postgres is idle. Too many:
    /// Postgres spends its time switching between them; with a URL, all servers together must stay
    /// below its `max_connections`.
    database_pool_size: u32 = "20";

    /// How long a request waits for a free connection before it fails. Too short: bursts turn into
    /// errors; too long: clients give up before they hear why.
    database_timeout: Duration = "30s";

    /// The directory of `initdb` and `postgres` for Propolis' own Postgres. Unset: `pg_config
    /// --bindir`, then the newest under `/usr/lib/postgresql`, then a download from Maven.
    postgres_bin: Option<PathBuf> = "";

    /// The user that Propolis' own Postgres runs as when Propolis is started as root, since Postgres
    /// refuses root. It must be able to reach `data_dir`. Unset: `postgres` if it exists, else `nobody`.
    postgres_user: Option<String> = "";

    /// A Maven repository (`https://` or `file://`) to download Postgres from when none is installed.
    /// Unset: the `mvn` command is asked, with the repositories and mirrors it is set up with.
    maven_repository: Option<Url> = "";

    /// Where the Hive Metastore protocol is served. An address other than loopback opens the catalog
    /// to the network: with `thrift_auth` at `none` callers are who they say they are, so put a trusted network
    /// around it.
    thrift_addr: SocketAddr = "127.0.0.1:9083";

    /// How callers of the Thrift port log in, one or some with commas between them. `none`: they do not.
    /// `plain`: by SASL with a name and a password, which `propolis user` sets. `ldap`: the same with a password of
    /// a directory. `kerberos`: by SASL with a ticket. `jwt`: over HTTP, with a bearer token. Passwords pass in the
    /// clear unless there is TLS. With all but `jwt`, delegation tokens are issued and taken too.
    thrift_auth: LoginMethods = "none";

    /// Users, separated by commas, who may act for others once they have logged in: by `set_ugi`, by naming
    /// another user at their login, and by asking for a delegation token for one. Whoever has the password or
    /// the key of one of them can be anybody, so name services such as HiveServer2 and Trino only.
    thrift_proxy_users: Vec<String> = "";

    /// Addresses and networks, separated by commas, from which `thrift_proxy_users` may act for others, such as
    /// `10.1.2.3,10.2.0.0/16`; from elsewhere they are themselves only. Unset: from everywhere. Hadoop's
    /// `proxyuser.NAME.hosts`, for all of them.
    thrift_proxy_networks: Networks = "";

    /// How connections are protected by a login with a ticket or a delegation token, in the words of Hadoop's
    /// `hadoop.rpc.protection`, with commas between them: `authentication` (not at all), `integrity` (against
    /// change), `privacy` (against reading too). Clients choose one by their own setting of that name, and fail
    /// where it is none of these. Passwords and bearer tokens are protected by TLS only.
    sasl_protection: Protections = "authentication,integrity,privacy";

    /// The path of Thrift over HTTP, which is served on the Thrift port beside all else, since the first bytes of
    /// a connection tell. Hive's clients ask for `/metastore` unless told otherwise.
    thrift_http_path: String = "/metastore";

    /// How long a delegation token is good for at most, however often it is renewed. Too short: long jobs fail
    /// before their end; too long: a stolen one is of use for longer. Hive's `token.max-lifetime`.
    delegation_token_lifetime: Duration = "7d";

    /// How long a delegation token is good for until its renewer has to renew it. Hive's `token.renew-interval`.
    delegation_token_renewal: Duration = "1d";

    /// The principal that clients ask Kerberos for a ticket to, such as `hive/_HOST@EXAMPLE.ORG`, where `_HOST`
    /// is this machine's name. Clients are set up with the same.
    kerberos_principal: Option<String> = "";

    /// How principals become users: rules in Hadoop's language, with spaces between them, of which the first
    /// that fits applies, as in `RULE:[1:$1@$0](.*@AD\.EXAMPLE\.ORG)s/@.*// DEFAULT`. `DEFAULT` takes those of
    /// the realm of `kerberos_principal`, for what is before `/` and `@`. Principals that no rule fits are
    /// refused. Hadoop's `hadoop.security.auth_to_local`.
    kerberos_auth_to_local: String = "DEFAULT";

    /// The file with the key of `kerberos_principal`, as `kadmin ktadd` makes it. Only the user that runs Propolis
    /// may be able to read it. MIT's library `libgssapi_krb5.so.2` has to be installed.
    kerberos_keytab: Option<PathBuf> = "";

    /// Servers of the directory, separated by spaces and tried in turn: `ldap://host` or `ldaps://host`. With the
    /// former, passwords pass in the clear unless `ldap_starttls` is on.
    ldap_url: Option<String> = "";

    /// Whether `ldap://` connections change to TLS before anything is said on them.
    ldap_starttls: bool = "false";

    /// What the names of users in the directory end with, such as `ou=people,dc=example,dc=org`. Hive's `baseDN`.
    ldap_base_dn: Option<String> = "";

    /// The attribute that a user's name in the directory begins with. Hive's `guidKey`.
    ldap_guid_key: String = "uid";

    /// Names of users in the directory, separated by colons and tried in turn, with `%s` for the user:
    /// `uid=%s,ou=people,dc=example,dc=org`. Unset: made of `ldap_guid_key` and `ldap_base_dn`. Hive's
    /// `userDNPattern`.
    ldap_user_dn_pattern: Option<String> = "";

    /// The domain of users in Active Directory, who then log in there as `user@domain`. Goes before
    /// `ldap_user_dn_pattern`. Hive's `Domain`.
    ldap_domain: Option<String> = "";

    /// Who looks users up in the directory. Set: users are searched for under `ldap_base_dn` and may stand
    /// anywhere below it; unset: their names are put together. Hive's `binddn`.
    ldap_bind_dn: Option<String> = "";

    /// The password of `ldap_bind_dn`.
    ldap_bind_password: Option<Secret> = "";

    /// How users are searched for, with `{0}` for the user, such as `(&(uid={0})(memberOf=cn=hive,dc=example,dc=org))`:
    /// it also decides who may log in. Unset: by `ldap_guid_key`. Hive's `userSearchFilter`.
    ldap_user_search_filter: Option<String> = "";

    /// Users, separated by commas, who alone may log in of those in the directory. Unset: all. Hive's `userFilter`.
    ldap_user_filter: Vec<String> = "";

    /// Groups of the directory, separated by commas, one of which a user has to be in to log in. Unset: none. They
    /// are looked for under `ldap_base_dn`, by who looks users up, else by the user. Hive's `groupFilter`.
    ldap_group_filter: Vec<String> = "";

    /// The class of groups in the directory. Hive's `groupClassKey`.
    ldap_group_class_key: String = "groupOfNames";

    /// The attribute of a group that has the names of its members, or their users. Hive's `groupMembershipKey`.
    ldap_group_membership_key: String = "member";

    /// The keys that bearer tokens are signed with, as a JWKS: an `https://`, `http://` or `file://` URL. It is
    /// read again every 5 minutes, and when a token names a key that is not in it.
    jwt_jwks_url: Option<Url> = "";

    /// Who has to have issued bearer tokens: their `iss`. Unset: whoever has one of the keys.
    jwt_issuer: Option<String> = "";

    /// Whom bearer tokens have to be made out to: their `aud`. Unset: a token that was made for another service
    /// is good here too.
    jwt_audience: Option<String> = "";

    /// Where AWS Glue's API is served, and `/healthz`, `/readyz` and `/metrics`. On an address other than
    /// loopback, Glue is refused until there is an access key: `propolis key create` makes one.
    http_addr: SocketAddr = "127.0.0.1:9080";

    /// The PEM file of the certificate chain for TLS, on the Thrift and the HTTP port alike. Set together
    /// with `tls_key`: then clients without TLS are turned away, and probes of health have to speak HTTPS.
    tls_cert: Option<PathBuf> = "";

    /// The PEM file of the private key of `tls_cert`.
    tls_key: Option<PathBuf> = "";

    /// The largest request taken. A larger one is refused unread and its connection closed. Too low:
    /// adding many partitions at once fails; too high: one caller can take that much memory.
    thrift_max_request: ByteSize = "100MiB";

    /// The largest answer given. A larger one becomes an error that says so. Java clients cannot read
    /// more than 2 GiB, and many stop at 100 MiB unless told otherwise.
    thrift_max_answer: ByteSize = "2GiB";

    /// Connections served at once; more are closed at once. Spark and Trino hold one or more per
    /// session. Each idle one costs a few KiB.
    thrift_max_connections: u32 = "2000";

    /// How long a connection may be silent before it is closed. Too short: Python clients, which do
    /// not reconnect by themselves, fail after a pause; too long: dead clients keep their place.
    thrift_idle_timeout: Duration = "1h";

    /// How long one request may run before it is cancelled and answered with an error. Hive's clients
    /// wait 10 minutes by default, so a longer time is work that nobody hears of.
    thrift_request_timeout: Duration = "10m";

    /// Connections to the HTTP port served at once; more are closed at once. Each SDK client keeps some open.
    http_max_connections: u32 = "2000";

    /// How long an HTTP connection may be silent, and how long the head of a request may take to arrive.
    /// Too short: clients find the connections that they keep closed, and Java's keep them for 60 s; too
    /// long: dead clients keep their place.
    http_idle_timeout: Duration = "2m";

    /// How long one request of AWS Glue's API may run before it is cancelled and answered with an error.
    /// SDKs give up after about a minute unless told otherwise, and then send the request again.
    http_request_timeout: Duration = "10m";

    /// The account that callers belong to whose access key names none: 12 digits, found in ARNs and as the
    /// `CatalogId` of what Glue answers.
    glue_account_id: String = "123456789012";

    /// The region of callers whose requests name none. All others get the region that they sign for.
    glue_region: String = "us-east-1";

    /// Whether each account and region has databases and all else of its own, as at AWS. `false`: all see
    /// the same, which is also what Thrift shows. A change hides what was made before; it deletes nothing.
    glue_separate_regions: bool = "false";

    /// Whether Glue's API keeps to AWS' own limits, such as 100 partitions a batch, and to its error texts.
    /// `true` is for tests of software that will meet AWS; `false` serves larger requests too.
    glue_strict: bool = "false";

    /// The `VersionId` of a new table in Glue's API: `0` as at AWS, or `1` as software tested with moto
    /// expects. It only shifts what is shown, so change it when no client holds on to a version.
    glue_first_version: u8 = "1";

    /// Whether jobs, crawlers, workflows and the like that nothing here runs can be started in pretence: runs are recorded
    /// that do nothing and soon count as done. `true` is for tests of software that starts them; `false`
    /// answers a start with an error, and nobody takes work for done that was not.
    glue_simulate_runs: bool = "false";

    /// The largest request of Glue's API, also once it is unpacked. Too low: large batches fail; too high:
    /// one caller can take that much memory.
    glue_max_request: ByteSize = "100MiB";

    /// How far the time of a signed request may be from the server's, and so how long a request that
    /// somebody recorded can be sent again. Too short: machines whose clocks are off are turned away. `0s`
    /// takes any time, which is for tests with a frozen clock only.
    glue_clock_skew: Tolerance = "15m";

    /// Origins, separated by commas, whose pages may call the HTTP port from a browser, such as
    /// `https://console.example.org`; `*` is any. Unset: browsers let no page of another origin call it.
    glue_cors_origins: Vec<String> = "";

    /// The key that access keys' secrets, the properties of connections and delegation tokens are encrypted with in
    /// the database: 32 bytes as Base64, as from `openssl rand -base64 32`. Servers that share a database need the
    /// same. Goes before `secret_key_file`.
    secret_key: Option<Secret> = "";

    /// The file of that key, made when it is first needed. Without it, the secrets in the database are
    /// lost: back it up, apart from the database. Default: `secret.key` under `data_dir`.
    secret_key_file: PathBuf = "";

    /// How long running requests may go on after SIGTERM or SIGINT; what still runs then is cancelled
    /// and rolled back.
    shutdown_grace: Duration = "30s";

    /// The URL under which managed databases and tables get their directories: `file:///…`,
    /// `s3://bucket/prefix` or `s3a://bucket/prefix`. Every engine must reach it by that URL, and the users
    /// that engines run as must be able to write there. A change is for new databases only. Default: `warehouse` under `data_dir`.
    warehouse: Url = "";

    /// The URL under which external tables without a location get their directories. Default:
    /// `external` under `data_dir`.
    external_warehouse: Url = "";

    /// The endpoint of an S3-compatible store, such as `http://127.0.0.1:9000`. Unset: AWS itself.
    s3_endpoint: Option<Url> = "";

    /// The region of the buckets. Unset: `AWS_REGION`, else `us-east-1`.
    s3_region: Option<String> = "";

    /// The access key. Unset: the usual AWS variables, then the role of the machine or the pod.
    s3_access_key: Option<String> = "";

    /// The secret of `s3_access_key`; set both or neither.
    s3_secret_key: Option<Secret> = "";

    /// The token that belongs to a temporary access key.
    s3_session_token: Option<Secret> = "";

    /// Whether the bucket stands in the path (`endpoint/bucket/key`, `true`) or in the host name
    /// (`false`). Unset: in the path when there is an endpoint, as most other stores than AWS want it.
    s3_path_style: Option<bool> = "";

    /// The most partitions that one call may read whole. A call for more becomes an error that says so;
    /// lists of names are not limited. Unset: no limit, and one query without a filter on a table with
    /// millions of partitions reads them all.
    max_partitions: Option<u32> = "";

    /// Schema registries that there may be besides the default one, in each region where these are separate.
    /// Low, so that programs which make registries by mistake are noticed; schemas in them are not limited.
    max_schema_registries: u32 = "10";

    /// Versions of a table kept for looking back and restoring, the current one included. Older ones
    /// are removed by housekeeping; a change is never refused because of them. Higher costs disk only.
    table_versions_kept: u32 = "100";

    /// How long a lock, or a transaction of ACID tables, lives without a heartbeat. Too short: a writer in a long
    /// pause loses its lock, or its transaction is aborted; too long: tables stay locked, and what compactions replaced
    /// stays, that long after a client died. Hive's beat every 150 s.
    lock_lease: Duration = "5m";

    /// How long notification events are kept. Too short: a reader that was away longer has to start
    /// from scratch; longer costs disk only.
    event_retention: Duration = "7d";

    /// The owner of databases and tables whose creator gave no name.
    default_owner: String = "propolis";

    /// Users, separated by commas, who are put into the role `admin` at start, as Trino's SQL-standard
    /// security needs one. Nobody is taken out of it when the name is removed here.
    admin_users: Vec<String> = "";

    /// `text` for people, `json` for collectors: one object a line.
    log_format: LogFormat = "text";

    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or by part as in
    /// `info,propolis::hms=debug`. `RUST_LOG` goes before it. From `debug` on, each request costs time.
    log_level: String = "info";
}

impl Settings {
    /// Reads file, environment and flags, and checks every value.
    ///
    /// Nothing on disk is made and nothing on the network is asked but the names of the addresses.
    pub fn load(flags: &Flags) -> Result<Loaded, SettingsError> {
        load::load(flags, std::env::vars_os())
    }

    /// How S3 is reached.
    pub fn object_store(&self) -> ObjectStoreSettings {
        let reveal = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
        ObjectStoreSettings {
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            access_key: self.s3_access_key.clone(),
            secret_key: reveal(&self.s3_secret_key),
            session_token: reveal(&self.s3_session_token),
            path_style: self.s3_path_style,
        }
    }

    /// The files for TLS, certificate chain first; `None` serves plain.
    pub fn tls(&self) -> Option<(&std::path::Path, &std::path::Path)> {
        Some((self.tls_cert.as_deref()?, self.tls_key.as_deref()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fmt::Write as _;
    use std::io::Write as _;

    use super::*;

    /// The table of Hive's names between their markers.
    fn hive_table() -> String {
        let mut text = "| setting of Hive's | default | |\n| --- | --- | --- |\n".to_owned();
        for known in hive::all() {
            let default = if known.default.is_empty() { String::new() } else { format!("`{}`", known.default) };
            let session = if known.per_connection { " Clients may set it for their connection." } else { "" };
            writeln!(text, "| `{}` | {default} | {}{session} |", known.name, known.doc).unwrap();
        }
        text
    }

    /// The table between the markers in the README.
    fn table() -> String {
        let mut text = "| setting | default | |\n| --- | --- | --- |\n".to_owned();
        for Reference { key, default, doc } in Settings::REFERENCE {
            let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
            writeln!(text, "| `{key}` | {default} | {} |", doc.trim()).unwrap();
        }
        text
    }

    #[test]
    fn the_readme_lists_every_setting() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let found = std::fs::read_to_string(path).unwrap();
        let mut expected = found.clone();
        for (name, table) in [("settings", table()), ("settings of Hive", hive_table())] {
            let (before, rest) = expected.split_once(&format!("<!-- {name} -->\n")).unwrap();
            let (_, after) = rest.split_once(&format!("<!-- /{name} -->")).unwrap();
            expected = format!("{before}<!-- {name} -->\n{table}<!-- /{name} -->{after}");
        }
        if std::env::var_os("PROPOLIS_UPDATE_README").is_some() {
            std::fs::write(path, &expected).unwrap();
        } else {
            assert!(found == expected, "README.md is behind: run this test with PROPOLIS_UPDATE_README=1");
        }
    }

    #[test]
    fn defaults_mean_the_same_in_a_file() {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        for Reference { key, default, .. } in Settings::REFERENCE {
            let quote = if default.parse::<u32>().is_ok() { "" } else { "\"" };
            writeln!(file.as_file(), "{key} = {quote}{default}{quote}").unwrap();
        }
        let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
        let (all, none) = (Settings::load(&flags).unwrap(), Settings::load(&Flags::default()).unwrap());
        assert_eq!(format!("{:?}", all.settings), format!("{:?}", none.settings));
    }
}
