//! Finding the JDKs that engines need among those on this machine.

use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Folders whose entries are JDKs, as Linux distributions, macOS and the usual installers lay them out.
const COLLECTIONS: [&str; 4] = ["/usr/lib/jvm", "/opt/java", "/opt", "/Library/Java/JavaVirtualMachines"];

/// The home of the oldest JDK here whose version is among `versions`.
pub fn home(engine: &str, versions: RangeInclusive<u32>) -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> =
        candidates().into_iter().filter_map(|home| Some((version(&home)?, home))).collect();
    found.sort();
    found.dedup();
    if let Some((_, home)) = found.iter().find(|(version, _)| versions.contains(version)) {
        return Ok(home.clone());
    }
    let wanted = versions.start();
    let seen: Vec<String> = found.iter().map(|(version, home)| format!("{version} in {}", home.display())).collect();
    bail!(
        "{engine} needs a JDK {wanted}{}, and there is none on this machine (found: {}). Install one, for example Temurin's \
         or your distribution's package (openjdk-{wanted}-jdk-headless), or set JAVA_HOME_{wanted} to its folder.",
        if *versions.end() == u32::MAX { " or newer" } else { "" },
        if seen.is_empty() { "none at all".to_owned() } else { seen.join(", ") },
    )
}

fn candidates() -> Vec<PathBuf> {
    let named = env::vars_os()
        .filter(|(key, _)| key.to_string_lossy().starts_with("JAVA_HOME"))
        .map(|(_, home)| PathBuf::from(home));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .filter_map(|folder| folder.join("java").canonicalize().ok())
        .filter_map(|java| Some(java.parent()?.parent()?.to_owned()));
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    let collections =
        COLLECTIONS.iter().map(PathBuf::from).chain([home.join(".sdkman/candidates/java"), home.join(".jdks")]);
    let collected = collections
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()));
    named
        .chain(on_path)
        .chain(collected.flat_map(|home| [home.join("Contents/Home"), home]))
        .filter_map(|home| home.canonicalize().ok())
        .collect()
}

/// The feature version of the JDK in `home`, from its `release` file.
fn version(home: &Path) -> Option<u32> {
    let release = fs::read_to_string(home.join("release")).ok()?;
    let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\""))?;
    let digits = version.strip_prefix("1.").unwrap_or(version);
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_missing_jdk_is_asked_for() {
        let error = super::home("Sequoia", 900..=u32::MAX).map(|home| home.display().to_string());
        let message = error.map_err(|error| error.to_string());
        assert!(
            message.as_ref().is_err_and(|text| text.starts_with("Sequoia needs a JDK 900 or newer")),
            "{message:?}"
        );
        assert!(message.is_err_and(|text| text.contains("JAVA_HOME_900")));
    }
}
