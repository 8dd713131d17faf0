//! Trino with a catalog for each connector under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::object_store::{ACCESS_KEY, ObjectStore, REGION, SECRET_KEY};
use crate::server::{Server, free_port};
use crate::{cache, java, maven, python};

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
    /// Starts Trino on the metastore at `uri` and local files; its log is the cache's `logs/NAME.log`.
    pub fn start(name: &str, uri: &str) -> Result<Trino> {
        Trino::start_on(name, uri, "fs.hadoop.enabled=true\n")
    }

    /// The same on S3.
    pub fn start_on_s3(name: &str, uri: &str, s3: &ObjectStore) -> Result<Trino> {
        let files = format!(
            "fs.native-s3.enabled=true\ns3.endpoint={}\ns3.region={REGION}\ns3.path-style-access=true\n\
             s3.aws-access-key={ACCESS_KEY}\ns3.aws-secret-key={SECRET_KEY}\n",
            s3.endpoint
        );
        Trino::start_on(name, uri, &files)
    }

    fn start_on(name: &str, uri: &str, files: &str) -> Result<Trino> {
        let java = java::home(&format!("Trino {VERSION}"), 24..=u32::MAX)?;
        let distribution = install()?;
        let port = free_port()?;
        let settings = tempfile::tempdir()?;
        let catalogs = settings.path().join("catalog");
        fs::create_dir(&catalogs)?;
        fs::write(catalogs.join("tpch.properties"), "connector.name=tpch\n")?;
        let staging = settings.path().join("staging");
        let hive = format!("connector.name=hive\nhive.temporary-staging-directory-path={}\n", staging.display());
        for (catalog, properties) in [
            ("hive", format!("{hive}hive.allow-register-partition-procedure=true\n")),
            ("secure", format!("{hive}hive.security=sql-standard\n")),
            ("iceberg", "connector.name=iceberg\niceberg.register-table-procedure.enabled=true\n".to_owned()),
            ("delta", "connector.name=delta_lake\ndelta.register-table-procedure.enabled=true\n".to_owned()),
        ] {
            let properties = format!("{properties}hive.metastore.uri={uri}\n{files}");
            fs::write(catalogs.join(format!("{catalog}.properties")), properties)?;
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
