//! Finding the programs of Postgres: named, installed, or downloaded before.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ManagedConfig, ManagedError, download};

/// The oldest Postgres that the migrations run on.
pub const OLDEST_MAJOR: u32 = 15;

/// A directory with `initdb` and `postgres`, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub directory: PathBuf,
    pub major: u32,
}

/// The programs to run: of version `wanted` when there is data already, which only that one reads.
///
/// Looks at the setting, then at what is installed, then at an earlier download. `None` when all that is
/// left is to download them.
pub fn find(config: &ManagedConfig, wanted: Option<u32>) -> Result<Option<Binaries>, ManagedError> {
    let fits = |binaries: &Binaries| wanted.map_or(binaries.major >= OLDEST_MAJOR, |major| binaries.major == major);
    if let Some(directory) = &config.postgres_bin {
        let binaries = probe(directory).ok_or_else(|| ManagedError::NotPostgres(directory.clone()))?;
        return match wanted {
            _ if fits(&binaries) => Ok(Some(binaries)),
            Some(wanted) => Err(ManagedError::OtherVersion { wanted, found: vec![binaries.major] }),
            None => Err(ManagedError::TooOld { directory: directory.clone(), major: binaries.major }),
        };
    }
    let mut found: Vec<_> = installed().iter().filter_map(|directory| probe(directory)).collect();
    found.extend(probe(&download::bin_directory(&config.data_dir)));
    match (found.iter().find(|binaries| fits(binaries)), wanted) {
        (Some(binaries), _) => Ok(Some(binaries.clone())),
        (None, Some(wanted)) if wanted != download::MAJOR => {
            let found = found.iter().map(|binaries| binaries.major).collect();
            Err(ManagedError::OtherVersion { wanted, found })
        }
        (None, _) => Ok(None),
    }
}

/// Downloads the programs that [`find`] did not find.
pub async fn download(config: &ManagedConfig) -> Result<Binaries, ManagedError> {
    download::download(config).await?;
    let directory = download::bin_directory(&config.data_dir);
    probe(&directory).ok_or(ManagedError::NotPostgres(directory))
}

/// What is on this machine, best first.
fn installed() -> Vec<PathBuf> {
    let mut directories = Vec::new();
    if let Some(directory) = output(Command::new("pg_config").arg("--bindir")) {
        directories.push(PathBuf::from(directory));
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    directories.extend(versions.into_iter().map(|(_, directory)| directory));
    directories
}

/// The version of the programs in a directory; `None` when one is missing or does not run.
fn probe(directory: &Path) -> Option<Binaries> {
    let major = |program| major(&output(Command::new(directory.join(program)).arg("--version"))?);
    let server = major("postgres")?;
    (major("initdb")? == server).then(|| Binaries { directory: directory.to_owned(), major: server })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` is 15, `17beta1` is 17.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once(") ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(std::process::Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("initdb (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major("psql something"), None);
    }
}
