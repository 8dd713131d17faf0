//! Who may write a folder, by what the file system says of it rather than by trying: the server's own rights are not
//! its callers'.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User, geteuid, getgrouplist};

use super::{Location, Open, Result, Warehouse, blocking};

/// For whom a folder is looked at.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    /// None is the user that runs the server.
    pub user: Option<String>,
    /// Those of the system's list when empty.
    pub groups: Vec<String>,
}

impl Warehouse {
    /// Whether the owner's, the group's or everybody's bits of a local folder let somebody write there; a superuser is
    /// nobody special. What is not there can be written, and so can all that has no such bits.
    pub async fn is_writable(&self, location: &Location, writer: &Writer) -> Result<bool> {
        match self.open(location)? {
            Open::Local(path) => {
                let writer = writer.clone();
                blocking(move || Ok(may_write(&path, &writer))).await
            }
            Open::S3(_) => Ok(true),
        }
    }
}

fn may_write(path: &Path, writer: &Writer) -> bool {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) => return error.kind() == ErrorKind::NotFound,
    };
    let user = match &writer.user {
        Some(name) => User::from_name(name).ok().flatten(),
        None => User::from_uid(geteuid()).ok().flatten(),
    };
    let owns = match (&user, &writer.user) {
        (Some(user), _) => user.uid == Uid::from_raw(found.uid()),
        (None, Some(_)) => false,
        (None, None) => geteuid() == Uid::from_raw(found.uid()),
    };
    let bit = if owns {
        0o200
    } else if is_of_group(Gid::from_raw(found.gid()), user.as_ref(), &writer.groups) {
        0o020
    } else {
        0o002
    };
    found.mode() & bit != 0
}

fn is_of_group(group: Gid, user: Option<&User>, told: &[String]) -> bool {
    if !told.is_empty() {
        let name = Group::from_gid(group).ok().flatten().map(|group| group.name);
        return name.is_some_and(|name| told.contains(&name));
    }
    let Some(user) = user else { return false };
    let Ok(name) = CString::new(user.name.as_str()) else { return false };
    getgrouplist(&name, user.gid).is_ok_and(|groups| groups.contains(&group))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_bits_of_a_folder_decide() {
        let folder = tempfile::tempdir().unwrap();
        let writes = |mode: u32, user: Option<&str>| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            may_write(folder.path(), &Writer { user: user.map(str::to_owned), groups: Vec::new() })
        };
        assert!(writes(0o700, None));
        assert!(!writes(0o500, None), "not even the superuser");
        assert!(!writes(0o770, Some("no such user")));
        assert!(writes(0o777, Some("no such user")));
        assert!(may_write(&folder.path().join("nothing"), &Writer::default()));
    }
}
