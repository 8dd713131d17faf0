//! Servers from Debian's packages, unpacked into the cache: nothing is installed, and no root is needed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cache, python};

/// Packages, and what they need that is not on this machine.
pub struct Unpacked {
    /// What stands for `/`.
    pub root: PathBuf,
    /// Where their libraries are, for `LD_LIBRARY_PATH`.
    pub libraries: PathBuf,
}

impl Unpacked {
    pub fn packages(name: &str, packages: &[&str]) -> Result<Unpacked> {
        let folder = cache::once(name, &packages.join(" "), |folder| {
            // The lists of a fresh machine may be empty, or older than the archive.
            if download(folder, packages).is_err() {
                python::run(Command::new("apt-get").args(["update", "-q"]))
                    .context("the tests of logins need apt, of Debian or a system made from it")?;
                download(folder, packages)?;
            }
            for entry in std::fs::read_dir(folder)?.flatten().filter(|entry| has_suffix(&entry.path(), "deb")) {
                python::run(Command::new("dpkg").arg("-x").arg(entry.path()).arg(folder.join("root")))?;
            }
            Ok(())
        })?;
        let root = folder.join("root");
        let triplets = std::fs::read_dir(root.join("usr/lib"))?.flatten().map(|entry| entry.path());
        let libraries = triplets.into_iter().find(|path| path.join("libgssapi_krb5.so.2").exists());
        Ok(Unpacked { libraries: libraries.context("the packages have no libraries")?, root })
    }

    /// One of their programs.
    pub fn program(&self, path: &str) -> Command {
        let mut command = Command::new(self.root.join(path));
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }
}

fn download(folder: &Path, packages: &[&str]) -> Result<()> {
    let output =
        Command::new("apt-get").args(["install", "--simulate", "--no-install-recommends"]).args(packages).output()?;
    if !output.status.success() {
        bail!("apt-get knows no way to install {packages:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let printed = String::from_utf8(output.stdout)?;
    let missing = printed.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next());
    let all: BTreeSet<&str> = missing.chain(packages.iter().copied()).collect();
    python::run(Command::new("apt-get").arg("download").args(all).current_dir(folder))
}

fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.extension().is_some_and(|extension| extension == suffix)
}
