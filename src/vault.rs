//! Secrets that are kept in the database but must not be read from it: they are sealed with AES-256-GCM under a key
//! that stands in the settings or in a file, never in the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nix::unistd::geteuid;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::config::Secret;
use crate::error::{CatalogError, Result};

const KEY_LEN: usize = 32;

/// Seals texts and opens them again. The key file is read, or made, when it is first needed.
#[derive(Debug, Clone)]
pub struct Vault {
    secret_key: Option<Secret>,
    secret_key_file: PathBuf,
    key: Arc<OnceLock<LessSafeKey>>,
}

impl Vault {
    /// See the settings of the same names.
    pub fn new(secret_key: Option<Secret>, secret_key_file: PathBuf) -> Self {
        Self { secret_key, secret_key_file, key: Arc::default() }
    }

    /// Encrypts `text` so that it opens under the same `purpose` only, which names what it belongs to.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<Vec<u8>> {
        let failed = |_| CatalogError::internal("a secret could not be encrypted");
        let mut sealed = random::<NONCE_LEN>()?.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&sealed).map_err(failed)?;
        let mut inner = text.as_bytes().to_vec();
        self.key(true)?.seal_in_place_append_tag(nonce, Aad::from(purpose.as_bytes()), &mut inner).map_err(failed)?;
        sealed.append(&mut inner);
        Ok(sealed)
    }

    /// The text that was sealed. The error says which setting is wrong.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Secret> {
        let source = match &self.secret_key {
            Some(_) => "secret_key".to_owned(),
            None => format!("secret_key_file {}", self.secret_key_file.display()),
        };
        let wrong = || {
            CatalogError::internal(format!(
                "the {purpose} in the database was encrypted with another key than that of {source}; \
                 give the server the key that it was made with"
            ))
        };
        let (nonce, inner) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut inner = inner.to_vec();
        let text =
            self.key(false)?.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut inner).map_err(|_| wrong())?;
        Ok(Secret::new(String::from_utf8(text.to_vec()).map_err(|_| wrong())?))
    }

    fn key(&self, make: bool) -> Result<&LessSafeKey> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let bytes = match &self.secret_key {
            Some(text) => parse_key(text.reveal()).ok_or_else(|| "secret_key is not 32 bytes of Base64".to_owned()),
            None => read_or_make(&self.secret_key_file, make),
        };
        let key = bytes
            .and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).map_err(|error| error.to_string()))
            .map_err(CatalogError::internal)?;
        Ok(self.key.get_or_init(|| LessSafeKey::new(key)))
    }
}

/// Bytes that nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CatalogError::internal("the operating system gives no random numbers"))?;
    Ok(bytes)
}

/// The key from its Base64.
pub fn parse_key(text: &str) -> Option<[u8; KEY_LEN]> {
    BASE64_STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

fn read_or_make(path: &Path, make: bool) -> Result<[u8; KEY_LEN], String> {
    let shown = path.display();
    match fs::read_to_string(path) {
        Ok(text) => parse_key(&text).ok_or_else(|| format!("secret_key_file {shown} does not hold 32 bytes of Base64")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && make => match write_new(path) {
            Ok(()) => read_or_make(path, false),
            Err(error) => Err(format!("secret_key_file {shown} cannot be made: {error}")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "secret_key_file {shown} does not exist, and the secrets in the database were encrypted with it; bring it back from its backup"
        )),
        Err(error) => Err(format!("secret_key_file {shown} cannot be read: {error}")),
    }
}

/// Makes the file whole or not at all; where another process was first, its file stays.
fn write_new(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let key = random::<KEY_LEN>().map_err(io::Error::other)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", BASE64_STANDARD.encode(key))?;
    if geteuid().is_root() {
        // A key made by root must not keep the server, which is another user, from reading it.
        let owner = fs::metadata(directory)?;
        chown(&draft, Some(owner.uid()), Some(owner.gid()))?;
    }
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(directory)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_with_its_key_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("deep/secret.key");
        let vault = Vault::new(None, file.clone());
        let sealed = vault.seal("secret of a", "hunter2").unwrap();
        assert!(!sealed.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_ne!(sealed, vault.seal("secret of a", "hunter2").unwrap(), "each has its own nonce");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "the draft is gone");

        let again = Vault::new(None, file.clone());
        assert_eq!(again.open("secret of a", &sealed).unwrap().reveal(), "hunter2");
        assert!(again.open("secret of b", &sealed).is_err());
        for wrong in [&sealed[..5], &sealed[..sealed.len() - 1], &[]] {
            assert!(again.open("secret of a", wrong).is_err());
        }
        let by_setting = Vault::new(Some(Secret::new(fs::read_to_string(&file).unwrap())), "/nonexistent/key".into());
        assert_eq!(by_setting.open("secret of a", &sealed).unwrap().reveal(), "hunter2");

        let other = Vault::new(Some(Secret::new(BASE64_STANDARD.encode([7; 32]))), file);
        let error = other.open("secret of a", &sealed).unwrap_err().message;
        assert!(error.contains("another key than that of secret_key;"), "{error}");
    }

    #[test]
    fn a_lost_key_is_not_replaced_by_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secret.key");
        let sealed = Vault::new(None, file.clone()).seal("p", "text").unwrap();
        fs::remove_file(&file).unwrap();
        let error = Vault::new(None, file.clone()).open("p", &sealed).unwrap_err().message;
        assert!(error.contains("does not exist") && !file.exists(), "{error}");
        fs::write(&file, "short").unwrap();
        let error = Vault::new(None, file.clone()).open("p", &sealed).unwrap_err().message;
        assert!(error.contains("does not hold 32 bytes"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "short");
    }
}
