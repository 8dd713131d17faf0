//! A metastore that serves nobody who has not logged in, and clients that do: against a directory, with a ticket of
//! Kerberos, with a bearer token over HTTP.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow, ensure};
use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::logins::{
    Directory, GROUP, IN_DIRECTORY, IN_REALM, OUTSIDE, Realm, SERVICE, bearer_token, log_in, packages, with_kerberos,
};
use propolis_compat_tests::metastore::{Metastore, other, other_glue};
use propolis_compat_tests::workload::Workload;
use propolis_compat_tests::{cache, python};
use serde_json::{Value, json};
use tempfile::TempDir;

const LOG: &str = "metastore-logins";
/// Who has a bearer token.
const BEARER: &str = "jane";
/// The metastore client of Hive 4, which knows passwords and HTTP.
const HIVE_CLIENT: &str = "4.1.0";

struct World {
    metastore: Metastore,
    realm: Realm,
    token: String,
    _directory: Directory,
    _keys: TempDir,
}

impl World {
    fn start() -> Result<World> {
        let packages = packages()?;
        let (directory, realm) = (Directory::start(&packages)?, Realm::start(&packages)?);
        let keys = tempfile::tempdir()?;
        let set = keys.path().join("keys.json");
        let token = bearer_token(&set, BEARER)?;
        let (reader, reader_password) = Directory::READER;
        let metastore = Metastore::start_with(LOG, |command| {
            with_kerberos(command, &packages, &realm);
            command
                .env("PROPOLIS_THRIFT_AUTH", "ldap,kerberos,jwt")
                .env("PROPOLIS_LDAP_URL", &directory.url)
                .env("PROPOLIS_LDAP_BASE_DN", Directory::BASE)
                .env("PROPOLIS_LDAP_BIND_DN", reader)
                .env("PROPOLIS_LDAP_BIND_PASSWORD", reader_password)
                .env("PROPOLIS_LDAP_GROUP_FILTER", GROUP)
                .env("PROPOLIS_KERBEROS_PRINCIPAL", SERVICE)
                .env("PROPOLIS_KERBEROS_KEYTAB", realm.keytab(SERVICE))
                .env("PROPOLIS_JWT_JWKS_URL", format!("file://{}", set.display()));
        })?;
        Ok(World { metastore, realm, token, _directory: directory, _keys: keys })
    }

    /// Runs Spark with these settings of Hadoop's, and looks whom the metastore took it for.
    fn run(&self, workload: Workload, settings: &Value, user: &str) -> Result<()> {
        workload.with("HADOOP_SETTINGS", settings.to_string()).run(&self.metastore)?;
        let log = cache::root()?.join(format!("logs/{LOG}.log"));
        let calls = std::fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let of_user = format!("caller=\"{user}\"");
        let created = calls.lines().any(|line| line.contains("create_table") && line.contains(&of_user));
        ensure!(created, "no table was created by {user}; the log is {}", log.display());
        Ok(())
    }
}

fn directory(world: &World) -> Result<()> {
    log_in(&world.metastore.uri, IN_DIRECTORY)?;
    for (user, password) in [OUTSIDE, (IN_DIRECTORY.0, "wrong"), ("*", IN_DIRECTORY.1)] {
        let error = log_in(&world.metastore.uri, (user, password)).err();
        let said = error.with_context(|| format!("{user} logged in with {password}"))?.to_string();
        ensure!(said.contains("the user or the password is wrong"), "{said}");
    }
    let (user, password) = IN_DIRECTORY;
    let settings = |password: &str| {
        json!({
            "metastore.client.auth.mode": "PLAIN",
            "metastore.client.plain.username": user,
            // Without a store of credentials, a password is a setting of the user's name.
            user: password,
        })
    };
    let workload = |name| Ok::<_, anyhow::Error>(Workload::new(name, "logins.py", python::spark_4()?));
    world.run(workload("login_directory")?.with("HIVE_CLIENT", HIVE_CLIENT), &settings(password), user)?;
    let refused = workload("login_directory_refused")?.with("HIVE_CLIENT", HIVE_CLIENT).with("REFUSED", "true");
    refused.with("HADOOP_SETTINGS", settings("wrong").to_string()).run(&world.metastore)
}

fn kerberos(world: &World) -> Result<()> {
    let config = format!("-Djava.security.krb5.conf={}", world.realm.config().display());
    for protection in ["authentication", "integrity", "privacy"] {
        let settings = json!({
            "hadoop.security.authentication": "kerberos",
            "hadoop.rpc.protection": protection,
            "hive.metastore.sasl.enabled": "true",
            "hive.metastore.kerberos.principal": SERVICE,
        });
        let workload = Workload::new(&format!("login_kerberos_{protection}"), "logins.py", python::clients()?)
            .with("JAVA_TOOL_OPTIONS", &config)
            .with("KERBEROS_PRINCIPAL", format!("{IN_REALM}@EXAMPLE.ORG"))
            .with("KERBEROS_KEYTAB", world.realm.keytab(IN_REALM));
        world.run(workload, &settings, IN_REALM)?;
    }
    Ok(())
}

fn bearer(world: &World) -> Result<()> {
    let settings = json!({ "metastore.client.thrift.transport.mode": "http", "metastore.client.auth.mode": "JWT" });
    let workload = Workload::new("login_bearer", "logins.py", python::spark_4()?)
        .with("HIVE_CLIENT", HIVE_CLIENT)
        .with("HMS_JWT", &world.token);
    world.run(workload, &settings, BEARER)
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    let world: Arc<OnceLock<Result<World, String>>> = Arc::default();
    let trial = |name, run: fn(&World) -> Result<()>| {
        let world = Arc::clone(&world);
        let trial = Trial::test(name, move || {
            let world = world.get_or_init(|| World::start().map_err(|error| format!("{error:#}")));
            let run = || run(world.as_ref().map_err(|error| anyhow!("{error}"))?);
            Ok(run().map_err(|error| format!("{error:#}"))?)
        });
        // Another metastore does not know of the servers that this test starts.
        trial.with_ignored_flag(other().is_some() || other_glue().is_some())
    };
    let trials = vec![trial("directory", directory), trial("kerberos", kerberos), trial("bearer_token", bearer)];
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The servers stop here: the process ends without unwinding.
    drop(world);
    conclusion.exit_code()
}
