//! Trino with a catalog for each connector under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::glue::Glue;
use crate::object_store::{ACCESS_KEY, ObjectStore, REGION, SECRET_KEY};
use crate::server::{Server, free_port};
use crate::{cache, glue, java, maven, python};

const VERSION: &str = "476";

/// The others only make the start slow.
const PLUGINS: [&str; 4] = ["delta-lake", "hive", "iceberg", "tpch"];

const JVM: [&str; 7] = [
    "-Xmx2500m",
    "-Xss1m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.attach.allowAttachSelf=true",
    "--add-modules=jdk.incubator.vector",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
];

pub struct Trino {
    pub port: u16,
    _server: Server,
    _settings: TempDir,
}

impl Trino {
    /// Starts Trino on the metastore at `uri` and local files; its log is the cache's `logs/NAME.log`. With `glue` it has
    /// the catalogs over Glue too, and without `uri` only those.
    pub fn start(name: &str, uri: Option<&str>, glue: Option<&Glue>) -> Result<Trino> {
        Trino::start_on(name, uri, glue, "fs.hadoop.enabled=true\n")
    }

    /// The same on S3.
    pub fn start_on_s3(name: &str, uri: &str, s3: &ObjectStore) -> Result<Trino> {
        let files = format!(
            "fs.native-s3.enabled=true\ns3.endpoint={}\ns3.region={REGION}\ns3.path-style-access=true\n\
             s3.aws-access-key={ACCESS_KEY}\ns3.aws-secret-key={SECRET_KEY}\n",
            s3.endpoint
        );
        Trino::start_on(name, Some(uri), None, &files)
    }

    fn start_on(name: &str, uri: Option<&str>, glue: Option<&Glue>, files: &str) -> Result<Trino> {
        let java = java::home(&format!("Trino {VERSION}"), 24..=u32::MAX)?;
        let distribution = install()?;
        let port = free_port()?;
        let settings = tempfile::tempdir()?;
        let catalogs = settings.path().join("catalog");
        fs::create_dir(&catalogs)?;
        let write = |catalog: &str, properties: &str| {
            fs::write(catalogs.join(format!("{catalog}.properties")), properties.to_owned() + files)
        };
        fs::write(catalogs.join("tpch.properties"), "connector.name=tpch\n")?;
        let hive = format!(
            "connector.name=hive\nhive.temporary-staging-directory-path={}\n\
             hive.allow-register-partition-procedure=true\n",
            settings.path().join("staging").display()
        );
        let iceberg = "connector.name=iceberg\niceberg.register-table-procedure.enabled=true\n";
        let delta = "connector.name=delta_lake\ndelta.register-table-procedure.enabled=true\n";
        if let Some(uri) = uri {
            let metastore = format!("hive.metastore.uri={uri}\n");
            write("hive", &format!("{hive}{metastore}"))?;
            write("secure", &format!("{hive}{metastore}hive.security=sql-standard\n"))?;
            write("iceberg", &format!("{iceberg}{metastore}"))?;
            write("delta", &format!("{delta}{metastore}"))?;
        }
        if let Some(glue) = glue {
            let metastore = format!(
                "hive.metastore.glue.endpoint-url={}\nhive.metastore.glue.region={}\n\
                 hive.metastore.glue.aws-access-key={}\nhive.metastore.glue.aws-secret-key={}\n\
                 hive.metastore.glue.default-warehouse-dir=file://{}\n\
                 hive.metastore-stats-cache-ttl=0s\n",
                glue.endpoint,
                glue::REGION,
                glue.access_key,
                glue.secret_key,
                settings.path().join("warehouse").display()
            );
            write("glue_hive", &format!("{hive}hive.metastore=glue\n{metastore}"))?;
            write("glue_iceberg", &format!("{iceberg}iceberg.catalog.type=glue\n{metastore}"))?;
            write("glue_delta", &format!("{delta}hive.metastore=glue\n{metastore}"))?;
        }
        let config = settings.path().join("config.properties");
        fs::write(
            &config,
            format!(
                "coordinator=true\nnode-scheduler.include-coordinator=true\nnode.environment=test\nnode.bind-ip=127.0.0.1\n\
                 node.internal-address=127.0.0.1\nhttp-server.http.port={port}\ndiscovery.uri=http://127.0.0.1:{port}\n\
                 plugin.dir={}\ncatalog.config-dir={}\n",
                distribution.join("plugin").display(),
                catalogs.display()
            ),
        )?;
        let server = Server::start(
            Command::new(java.join("bin/java"))
                .args(JVM)
                .arg(format!("-Dconfig={}", config.display()))
                .arg("-cp")
                .arg(distribution.join("lib/*"))
                .arg("io.trino.server.TrinoServer")
                .current_dir(settings.path()),
            cache::log_file(name)?,
            port,
            "/v1/info",
            "\"starting\":false",
        )?;
        Ok(Trino { port, _server: server, _settings: settings })
    }
}

fn install() -> Result<PathBuf> {
    cache::once("trino-server", VERSION, |folder| {
        let archive = maven::get(folder, "io.trino", "trino-server", VERSION, "tar.gz")?;
        // Plugins share files by hard links to whichever comes first, so that all are unpacked before most are removed.
        python::run(Command::new("tar").args(["-xzf"]).arg(&archive).args(["--strip-components=1", "-C"]).arg(folder))?;
        fs::remove_file(archive)?;
        keep_plugins(&folder.join("plugin"))
    })
}

fn keep_plugins(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !PLUGINS.iter().any(|plugin| entry.file_name() == *plugin) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
