//! A trash folder, where Hadoop has it, for data that somebody may want back: `.Trash` in the home directory of the
//! user that runs the server, and `/user/USER/.Trash` in a bucket. In it, `Current` holds what was thrown away lately,
//! each folder under its whole path.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::unistd::{User, geteuid};

use super::{Kind, Location, Open, Result, Store, Warehouse, WarehouseError, blocking, local};

const CURRENT: &str = "Current";

/// Names that are tried for a folder whose path was thrown away before.
const ATTEMPTS: u32 = 10;

/// Whose trash it is.
#[derive(Debug, Clone)]
pub(super) struct Home {
    user: String,
    folder: PathBuf,
}

impl Home {
    /// The user that runs this process. Their home is `HOME`, by which a service may be given another, and without it
    /// that of the system's list of users.
    pub fn of_process() -> Self {
        Self::of(User::from_uid(geteuid()).ok().flatten(), std::env::var_os("HOME"))
    }

    fn of(listed: Option<User>, variable: Option<OsString>) -> Self {
        let folder = variable.map(PathBuf::from).filter(|folder| folder.is_absolute());
        match listed {
            Some(user) => Self { user: user.name, folder: folder.unwrap_or(user.dir) },
            None => Self { user: geteuid().to_string(), folder: folder.unwrap_or_else(|| PathBuf::from("/")) },
        }
    }

    pub fn at(self, folder: PathBuf) -> Self {
        Self { folder, ..self }
    }

    fn trash(&self, location: &Location) -> Result<Location> {
        match location.store() {
            Store::S3 { bucket } => {
                Location::parse(&format!("{}://{bucket}/user/{}/.Trash", location.scheme(), self.user))
            }
            _ => Location::parse(&format!("file:{}", self.folder.join(".Trash").display())),
        }
    }
}

impl Warehouse {
    /// Moves a directory into the trash of its store, and answers where it is; None when nothing was there. What the
    /// trash lies in cannot be thrown away, and what lies in the trash already stays there. See
    /// [`rename_directory`](Self::rename_directory) for what else cannot be moved.
    pub async fn move_to_trash(&self, location: &Location) -> Result<Option<Location>> {
        let trash = self.home.trash(location)?;
        if location.is_under(&trash) {
            return Ok(None);
        }
        if trash.is_under(location) {
            let message = format!("{location} cannot be moved to the trash, which lies in it.");
            return Err(WarehouseError::new(Kind::InvalidLocation, location, message));
        }
        let place = trash.join(CURRENT)?.join(&location.key())?;
        for attempt in 0..ATTEMPTS {
            let to = match attempt {
                0 => place.clone(),
                _ => Location::parse(&format!("{place}{}", millis_since_epoch() + u128::from(attempt)))?,
            };
            match self.rename_directory(location, &to).await {
                Ok(renamed) => {
                    self.finish_rename(renamed).await?;
                    return Ok(Some(to));
                }
                Err(error) if error.kind == Kind::NotFound => return Ok(None),
                Err(error) if error.kind == Kind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let message = format!("{location} cannot be moved to the trash: all names that were tried are taken there.");
        Err(WarehouseError::new(Kind::AlreadyExists, location, message))
    }

    /// Moves all files of a directory to the trash and keeps the directories, which are made where there are none.
    pub async fn truncate_to_trash(&self, location: &Location) -> Result<()> {
        let moved = self.move_to_trash(location).await?;
        let _made = self.make_directory(location).await?;
        match (moved.map(|moved| self.open(&moved)).transpose()?, self.open(location)?) {
            (Some(Open::Local(from)), Open::Local(to)) => blocking(move || local::copy_directories(&from, &to)).await,
            _ => Ok(()),
        }
    }

    /// Removes from the trash of a location's store what has been there for longer than `kept`. Of local folders
    /// `Current` is put aside first, under the time of now: that is its checkpoint, from which it counts. In a bucket
    /// each object counts for itself.
    pub async fn empty_trash(&self, location: &Location, kept: Duration) -> Result<()> {
        let trash = self.home.trash(location)?;
        let until = SystemTime::now().checked_sub(kept).unwrap_or(UNIX_EPOCH);
        match self.open(&trash)? {
            Open::Local(path) => blocking(move || checkpoint(&path, SystemTime::now(), until)).await,
            Open::S3(bucket) => bucket.delete_older(&trash, until).await,
        }
    }
}

fn checkpoint(trash: &Path, now: SystemTime, until: SystemTime) -> Result<()> {
    for name in local::names(trash)? {
        if time_of(&name).is_some_and(|time| time < until) {
            local::delete(&trash.join(&name))?;
        }
    }
    let current = trash.join(CURRENT);
    if !local::exists(&current)? {
        return Ok(());
    }
    local::rename(&current, &trash.join(name_of(now)), &mut Vec::new())
}

/// `yyMMddHHmmss`, Hadoop's names, in UTC.
fn name_of(time: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(time).to_string();
    written.chars().filter(char::is_ascii_digit).skip(2).collect()
}

fn time_of(name: &str) -> Option<SystemTime> {
    let part = |from: usize| name.get(from..from + 2).filter(|_| name.len() == 12);
    let written = format!("20{}-{}-{}T{}:{}:{}Z", part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, part(10)?);
    humantime::parse_rfc3339(&written).ok()
}

fn millis_since_epoch() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::warehouse::ObjectStoreSettings;

    #[test]
    fn checkpoints_are_named_by_their_time() {
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(name_of(time), "231114221320");
        assert_eq!(time_of("231114221320"), Some(time));
        for other in ["Current", "231114", "23111422132x", "239914221320"] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn data_goes_to_the_trash_and_then_away() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        let warehouse = Warehouse::new(ObjectStoreSettings::default()).unwrap().with_home(home.clone());
        let folder = root.path().join("w/t");
        let location = Location::parse(&format!("file:{}", folder.display())).unwrap();
        let current = home.join(".Trash/Current");
        for _ in 0..2 {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("f"), "1").unwrap();
            assert!(warehouse.move_to_trash(&location).await.unwrap().is_some());
        }
        assert!(warehouse.move_to_trash(&location).await.unwrap().is_none(), "it is gone");
        let kept = current.join(folder.strip_prefix("/").unwrap());
        assert!(kept.join("f").exists());
        let beside = kept.parent().unwrap().read_dir().unwrap().count();
        assert_eq!(beside, 2, "what was thrown away before stays beside it");

        std::fs::create_dir_all(folder.join("dt=1")).unwrap();
        std::fs::write(folder.join("dt=1/f"), "1").unwrap();
        warehouse.truncate_to_trash(&location).await.unwrap();
        assert!(folder.join("dt=1").read_dir().unwrap().next().is_none(), "directories stay");

        let trash = Location::parse(&format!("file:{}", home.display())).unwrap();
        assert!(warehouse.move_to_trash(&trash).await.is_err());

        let checkpoints = || home.join(".Trash").read_dir().unwrap().count();
        warehouse.empty_trash(&location, Duration::from_secs(3600)).await.unwrap();
        assert!(!current.exists());
        assert_eq!(checkpoints(), 1);
        std::fs::create_dir(home.join(".Trash/231114221320")).unwrap();
        warehouse.empty_trash(&location, Duration::from_secs(3600)).await.unwrap();
        assert_eq!(checkpoints(), 1, "the old one is gone");
    }

    #[test]
    fn a_service_may_be_given_a_home() {
        let listed = || User::from_uid(geteuid()).unwrap();
        let home = |variable: &str| Home::of(listed(), Some(variable.into())).folder;
        assert_eq!(home("/srv/metastore"), Path::new("/srv/metastore"));
        let otherwise = Home::of(listed(), None).folder;
        assert_eq!(home("not/a/home"), otherwise);
        assert_eq!(otherwise, listed().map_or_else(|| PathBuf::from("/"), |user| user.dir));
    }

    #[tokio::test]
    async fn there_need_be_no_trash() {
        let root = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::new(ObjectStoreSettings::default()).unwrap().with_home(root.path().join("none"));
        let location = Location::parse("file:/w").unwrap();
        warehouse.empty_trash(&location, Duration::ZERO).await.unwrap();
    }
}
