//! Who has the data directory: one server by a lock, one user by the file system.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User, chown, geteuid};
use sha2::{Digest, Sha256};

use super::{ManagedConfig, ManagedError, postmaster};

/// What a socket's path may have at most, by `sockaddr_un` less its closing zero.
const MAX_SOCKET_PATH: usize = 107;

/// The hold on a data directory; the kernel releases it however the process ends.
#[derive(Debug)]
pub struct Owner {
    _lock: File,
}

impl Owner {
    pub fn acquire(data_dir: &Path) -> Result<Self, ManagedError> {
        let path = lock_path(data_dir);
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(ManagedError::io("cannot be opened", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = lock.read_to_string(&mut pid);
                return Err(ManagedError::Owned { data_dir: data_dir.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(ManagedError::io("cannot be locked", &path)(error)),
        }
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(ManagedError::io("cannot be written", &path))?;
        Ok(Self { _lock: lock })
    }
}

/// The pid of the server that runs on this data directory, if one does.
pub fn running_server(data_dir: &Path) -> Option<String> {
    let mut lock = File::open(lock_path(data_dir)).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            lock.read_to_string(&mut pid).ok()?;
            Some(pid.trim().to_owned())
        }
        _ => None,
    }
}

fn lock_path(data_dir: &Path) -> PathBuf {
    data_dir.join("owner.lock")
}

/// The unprivileged user that Postgres runs as when we are root.
#[derive(Debug, Clone)]
pub struct RunAs {
    pub uid: Uid,
    pub gid: Gid,
    pub name: String,
}

/// `None` when we are not root: then Postgres runs as we do.
///
/// Data that exists decides, since Postgres takes only its owner.
pub fn run_as(config: &ManagedConfig) -> Result<Option<RunAs>, ManagedError> {
    let data = postmaster::data_directory(&config.data_dir);
    let owner = fs::metadata(&data).ok().map(|metadata| (Uid::from_raw(metadata.uid()), metadata));
    if !geteuid().is_root() {
        return match owner {
            Some((uid, _)) if uid != geteuid() => Err(ManagedError::Foreign { directory: data, owner: name_of(uid) }),
            _ => Ok(None),
        };
    }
    let user = match (owner, &config.postgres_user) {
        (Some((uid, metadata)), _) if !uid.is_root() => {
            RunAs { uid, gid: Gid::from_raw(metadata.gid()), name: name_of(uid) }
        }
        (_, Some(name)) => named(name).ok_or_else(|| ManagedError::NoUser(name.clone()))?,
        _ => named("postgres")
            .or_else(|| named("nobody"))
            .ok_or_else(|| ManagedError::NoUser("postgres or nobody".into()))?,
    };
    check_passable(&config.data_dir, &user)?;
    Ok(Some(user))
}

fn named(name: &str) -> Option<RunAs> {
    let user = User::from_name(name).ok()??;
    (!user.uid.is_root()).then_some(RunAs { uid: user.uid, gid: user.gid, name: user.name })
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("user {uid}"), |user| user.name)
}

fn check_passable(directory: &Path, user: &RunAs) -> Result<(), ManagedError> {
    // Doctor asks before there is a data directory.
    for directory in directory.ancestors().skip_while(|directory| !directory.exists()) {
        let metadata = fs::metadata(directory).map_err(ManagedError::io("cannot be read", directory))?;
        let bit = match () {
            () if metadata.uid() == user.uid.as_raw() => 0o100,
            () if metadata.gid() == user.gid.as_raw() => 0o010,
            () => 0o001,
        };
        if metadata.mode() & bit == 0 {
            return Err(ManagedError::Unreachable { user: user.name.clone(), directory: directory.to_owned() });
        }
    }
    Ok(())
}

/// Makes a directory that others may pass, whatever the umask, since Postgres may be another user.
pub fn make_directory(directory: &Path) -> Result<(), ManagedError> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        make_directory(parent)?;
    }
    fs::create_dir(directory)
        .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
        .map_err(ManagedError::io("cannot be made", directory))
}

/// Makes a directory for Postgres alone.
pub fn make_private(directory: &Path, user: Option<&RunAs>) -> Result<(), ManagedError> {
    let made = match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Ok(()) => match user {
            Some(user) => chown(directory, Some(user.uid), Some(user.gid)).map_err(io::Error::from),
            None => Ok(()),
        },
        Err(error) => Err(error),
    };
    made.map_err(ManagedError::io("cannot be made", directory))
}

/// Makes the socket's directory and clears it of what a killed Postgres left. Only for the owner.
pub fn socket_directory(data_dir: &Path, port: u16, user: Option<&RunAs>) -> Result<PathBuf, ManagedError> {
    let directory = socket_path(data_dir, port);
    make_private(&directory, user)?;
    // In the temp directory somebody else could have been first.
    let metadata = fs::symlink_metadata(&directory).map_err(ManagedError::io("cannot be read", &directory))?;
    let uid = user.map_or_else(geteuid, |user| user.uid);
    if !metadata.is_dir() || metadata.uid() != uid.as_raw() {
        let owner = name_of(Uid::from_raw(metadata.uid()));
        return Err(ManagedError::Foreign { directory, owner });
    }
    Ok(directory)
}

/// `run` under the data directory, or where that is too long for a socket, a directory for it alone
/// under the temp directory.
pub fn socket_path(data_dir: &Path, port: u16) -> PathBuf {
    let directory = data_dir.join("run");
    let socket = directory.join(format!(".s.PGSQL.{port}"));
    if socket.as_os_str().len() <= MAX_SOCKET_PATH {
        return directory;
    }
    let hash = Sha256::digest(OsStr::as_bytes(data_dir.as_os_str()));
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("propolis-{hash}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_second_owner_is_refused_with_the_first_ones_pid() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(running_server(data.path()), None);
        let first = Owner::acquire(data.path()).unwrap();
        let error = Owner::acquire(data.path()).unwrap_err().to_string();
        let pid = std::process::id().to_string();
        assert!(error.contains(&format!("(pid {pid})")), "{error}");
        assert_eq!(running_server(data.path()), Some(pid));
        drop(first);
        assert_eq!(running_server(data.path()), None);
        Owner::acquire(data.path()).unwrap();
    }

    #[test]
    fn a_long_data_directory_gets_a_short_socket() {
        assert_eq!(socket_path(Path::new("/srv/propolis"), 5432), Path::new("/srv/propolis/run"));
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(100)));
        let short = socket_path(&long, 5432);
        assert!(short.starts_with(std::env::temp_dir()));
        assert_ne!(short, socket_path(&long.join("y"), 5432));
    }

    #[test]
    fn a_closed_parent_is_named() {
        let data = tempfile::tempdir().unwrap();
        let closed = data.path().canonicalize().unwrap();
        let inner = closed.join("inner");
        make_directory(&inner).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let user = RunAs { uid: Uid::from_raw(54321), gid: Gid::from_raw(54321), name: "somebody".into() };
        let error = check_passable(&inner, &user).unwrap_err().to_string();
        assert!(error.contains("somebody") && error.contains(closed.to_str().unwrap()), "{error}");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o701)).unwrap();
        check_passable(&inner, &user).unwrap();
    }
}
