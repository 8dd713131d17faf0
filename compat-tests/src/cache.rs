//! Where engines are installed, once for all runs.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder of the profile that this test was built in, `target/debug` for one.
pub fn profile_dir() -> Result<PathBuf> {
    let exe = env::current_exe().context("cannot find this test's own file")?;
    let profile = exe.ancestors().nth(2).context("this test does not run from a target folder")?;
    Ok(profile.to_owned())
}

/// The cache's folder, made if it is not there.
pub fn root() -> Result<PathBuf> {
    let root = match env::var_os("PROPOLIS_COMPAT_CACHE") {
        Some(root) => PathBuf::from(root),
        None => profile_dir()?.with_file_name("compat-cache"),
    };
    fs::create_dir_all(&root).with_context(|| format!("cannot make the cache folder {}", root.display()))?;
    Ok(root.canonicalize()?)
}

/// The folder `name` of the cache, with `content` in it, which `install` gets. Other content, and what an install left that
/// did not end, is removed first. Others that want the same folder, in whatever process, wait.
pub fn once(name: &str, content: &str, install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let root = root()?;
    let (folder, stamp) = (root.join(name), root.join(format!("{name}.installed")));
    let lock = File::create(root.join(format!("{name}.lock")))?;
    lock.lock()?;
    if fs::read_to_string(&stamp).ok().as_deref() != Some(content) {
        if stamp.exists() {
            fs::remove_file(&stamp)?;
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        eprintln!("installing {content} in {}", folder.display());
        install(&folder).with_context(|| format!("cannot install {name}"))?;
        fs::write(&stamp, content)?;
    }
    Ok(folder)
}

/// A file for `name`'s output, empty.
pub fn log_file(name: &str) -> Result<PathBuf> {
    let logs = root()?.join("logs");
    fs::create_dir_all(&logs)?;
    let path = logs.join(format!("{name}.log"));
    File::create(&path)?;
    Ok(path)
}
