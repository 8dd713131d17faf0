//! Directories of this machine. object_store's file system knows no directories and encodes
//! names, so std does the work; every function blocks and runs on the blocking pool.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::{Result, WarehouseError, WarehouseErrorKind};
use super::files::Child;
use super::{FileStats, MAX_STATS_ENTRIES, is_hidden};

/// Another request may undo the parent between the look at it and the `mkdir` below it.
const MAKE_ATTEMPTS: usize = 3;

pub(super) fn path_of(key: &str) -> PathBuf {
    PathBuf::from(format!("/{key}"))
}

/// Makes the directory with what is missing above it; `made` receives what is new, in order,
/// also when this fails.
pub(super) fn make(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let mut attempt = 1;
    loop {
        match make_once(path, made) {
            Err(e) if e.kind() == ErrorKind::NotFound && attempt < MAKE_ATTEMPTS => attempt += 1,
            outcome => return outcome.map_err(|e| error("make directory", path, e)),
        }
    }
}

fn make_once(path: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut missing: Vec<&Path> = Vec::new();
    for ancestor in path.ancestors() {
        match fs::metadata(ancestor) {
            Ok(found) if found.is_dir() => break,
            Ok(_) => return Err(ErrorKind::NotADirectory.into()),
            Err(e) if e.kind() == ErrorKind::NotFound => missing.push(ancestor),
            Err(e) => return Err(e),
        }
    }
    for directory in missing.into_iter().rev() {
        match fs::create_dir(directory) {
            Ok(()) => made.push(directory.to_path_buf()),
            Err(e) if e.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {}
            // A file or a dangling link.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                return Err(ErrorKind::NotADirectory.into());
            }
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

pub(super) fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|e| error("look at", path, e))
}

/// Names of what is in a directory; none where there is no directory. Those that are not UTF-8 are left out.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(error("list", path, e)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    let names: io::Result<Vec<_>> = names.collect();
    Ok(names.map_err(|e| error("list", path, e))?.into_iter().flatten().collect())
}

/// The same, each with whether it is a directory; links are what they lead to.
pub(super) fn children(path: &Path) -> Result<Vec<Child>> {
    let is_directory = |name: &String| fs::metadata(path.join(name)).is_ok_and(|found| found.is_dir());
    Ok(names(path)?.into_iter().map(|name| Child { is_directory: is_directory(&name), name }).collect())
}

pub(super) fn is_empty(path: &Path) -> Result<bool> {
    let mut entries = fs::read_dir(path).map_err(|e| error("list", path, e))?;
    Ok(entries.next().is_none())
}

/// Removes the tree; a symbolic link is removed, never followed. False when nothing was there.
pub(super) fn delete(path: &Path) -> Result<bool> {
    let outcome = fs::symlink_metadata(path).and_then(|found| match found.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(error("delete", path, e)),
    }
}

pub(super) fn delete_if_empty(path: &Path) -> Result<bool> {
    match fs::remove_dir(path) {
        Ok(()) => Ok(true),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(e) => Err(error("delete", path, e)),
    }
}

/// Moves the directory in one step and makes the parents of `to`, which `made` receives.
pub(super) fn rename(from: &Path, to: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    fs::symlink_metadata(from).map_err(|e| error("rename", from, e))?;
    if fs::symlink_metadata(to).is_ok() {
        return Err(error("rename to", to, ErrorKind::AlreadyExists.into()));
    }
    if let Some(parent) = to.parent() {
        make(parent, made)?;
    }
    rename_to_free_name(from, to).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => error("rename to", to, e),
        ErrorKind::CrossesDevices => WarehouseError::new(
            WarehouseErrorKind::NotSupported,
            from.display(),
            format!(
                "{} cannot be renamed to {}, which is on another file system. Copy the data with \
                 an engine instead.",
                from.display(),
                to.display()
            ),
        )
        .because(e),
        _ => error("rename", from, e),
    })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    use nix::errno::Errno;
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        // Some file systems (NFS) do not know the flag.
        Err(Errno::EINVAL | Errno::ENOSYS) => fs::rename(from, to),
        outcome => outcome.map_err(io::Error::from),
    }
}

/// `rename` replaces nothing but an empty directory that appeared after the caller's look.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// None when there are more than `MAX_STATS_ENTRIES` entries.
pub(super) fn stats(path: &Path) -> Result<Option<FileStats>> {
    let mut stats = FileStats::default();
    let found = fs::metadata(path).map_err(|e| error("list", path, e))?;
    if !found.is_dir() {
        stats.add(found.len());
        return Ok(Some(stats));
    }
    let mut entries = 0;
    walk(path, |entry, is_directory| {
        entries += 1;
        if is_hidden(&entry.file_name().to_string_lossy()) {
            return Ok(Next::Skip);
        }
        if !is_directory {
            // A link to a file counts as the file; a link to a directory is not followed.
            match fs::metadata(entry.path()) {
                Ok(found) if found.is_file() => stats.add(found.len()),
                Ok(_) => {}
                // A writer's temporary file that is gone, or a dangling link.
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(error("look at", &entry.path(), e)),
            }
        }
        Ok(match entries < MAX_STATS_ENTRIES {
            true => Next::Enter,
            false => Next::Stop,
        })
    })?;
    Ok((entries < MAX_STATS_ENTRIES).then_some(stats))
}

/// Removes every file below; the directories stay.
pub(super) fn truncate(path: &Path) -> Result<()> {
    walk(path, |entry, is_directory| {
        if !is_directory {
            match fs::remove_file(entry.path()) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(error("delete", &entry.path(), e));
                }
                _ => {}
            }
        }
        Ok(Next::Enter)
    })
}

/// Makes the directories that are below `from` below `to` too.
pub(super) fn copy_directories(from: &Path, to: &Path) -> Result<()> {
    walk(from, |entry, is_directory| {
        if is_directory && let Ok(below) = entry.path().strip_prefix(from) {
            make(&to.join(below), &mut Vec::new())?;
        }
        Ok(Next::Enter)
    })
}

/// Writes a file where none is, with the directories above it.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        make(parent, &mut Vec::new())?;
    }
    let mut file = fs::File::create_new(path).map_err(|e| error("write", path, e))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(|e| error("write", path, e))
}

/// The size, and the content unless there is more of it than `limit`.
pub(super) fn read(path: &Path, limit: u64) -> Result<(u64, Option<Vec<u8>>)> {
    let size = fs::metadata(path).map_err(|e| error("read", path, e))?.len();
    if size > limit {
        return Ok((size, None));
    }
    Ok((size, Some(fs::read(path).map_err(|e| error("read", path, e))?)))
}

enum Next {
    /// Into this entry, when it is a directory.
    Enter,
    Skip,
    Stop,
}

/// Shows every entry below `root` with whether it is a directory; links are none.
fn walk(root: &Path, mut visit: impl FnMut(&fs::DirEntry, bool) -> Result<Next>) -> Result<()> {
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            // Gone since it was listed.
            Err(e) if e.kind() == ErrorKind::NotFound && directory != root => continue,
            Err(e) => return Err(error("list", &directory, e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| error("list", &directory, e))?;
            let is_directory = entry.file_type().map_err(|e| error("look at", &entry.path(), e))?.is_dir();
            match visit(&entry, is_directory)? {
                Next::Enter if is_directory => open.push(entry.path()),
                Next::Enter | Next::Skip => {}
                Next::Stop => return Ok(()),
            }
        }
    }
    Ok(())
}

fn error(action: &str, path: &Path, cause: io::Error) -> WarehouseError {
    let shown = path.display();
    let (kind, why) = match cause.kind() {
        ErrorKind::NotFound => (WarehouseErrorKind::NotFound, "it does not exist on this server".to_string()),
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
            (WarehouseErrorKind::AlreadyExists, "it exists already".to_string())
        }
        ErrorKind::NotADirectory => {
            (WarehouseErrorKind::AlreadyExists, "it, or a directory above it, is a file".to_string())
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
            WarehouseErrorKind::PermissionDenied,
            format!("{cause}; give the user that runs the server the right to write there"),
        ),
        ErrorKind::InvalidFilename => {
            (WarehouseErrorKind::InvalidLocation, "a name in it is too long for the file system".to_string())
        }
        _ => (WarehouseErrorKind::Failed, cause.to_string()),
    };
    WarehouseError::new(kind, path.display(), format!("Cannot {action} {shown}: {why}.")).because(cause)
}
