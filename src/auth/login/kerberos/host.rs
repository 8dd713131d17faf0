//! This machine's name, as clients ask for it in place of `_HOST`.

use std::ffi::{CStr, CString};
use std::ptr::{null, null_mut};

use nix::libc::{AI_CANONNAME, addrinfo, freeaddrinfo, getaddrinfo};

/// The full name in lower case, as `hostname -f` tells it; the short one where it is all there is.
pub fn own_name() -> nix::Result<String> {
    let name = nix::unistd::gethostname()?.to_string_lossy().into_owned();
    let full = if name.contains('.') { None } else { canonical(&name).filter(|full| full.contains('.')) };
    Ok(full.unwrap_or(name).to_lowercase())
}

/// What the resolver says that a host is really called.
fn canonical(host: &str) -> Option<String> {
    let host = CString::new(host).ok()?;
    // SAFETY: zeros are what the call wants in all fields but the flags, and null pointers among them are fine.
    let mut hints: addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_flags = AI_CANONNAME;
    let mut found = null_mut();
    // SAFETY: host and hints live until the call returns; it fills `found` where it returns 0.
    if unsafe { getaddrinfo(host.as_ptr(), null(), &hints, &mut found) } != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the list is the resolver's, and nobody frees it before the next call.
    let name = unsafe { (*found).ai_canonname };
    let name = (!name.is_null())
        // SAFETY: a name in the list ends with a NUL.
        .then(|| unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned());
    // SAFETY: the list came from `getaddrinfo`, and is used by nobody any more.
    unsafe { freeaddrinfo(found) };
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name() {
        let name = own_name().unwrap();
        assert!(!name.is_empty() && name == name.to_lowercase(), "{name}");
        assert_eq!(canonical("localhost").unwrap().split('.').next(), Some("localhost"));
        assert_eq!(canonical("no\0name"), None);
    }
}
