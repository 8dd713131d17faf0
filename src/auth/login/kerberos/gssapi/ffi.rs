//! The library's functions as C declares them (RFC 2744, and `gssapi_ext.h` for credentials from a keytab).

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use libloading::Library;

const LIBRARY: &str = "libgssapi_krb5.so.2";

pub const CONTINUE_NEEDED: u32 = 1;
/// Bits of a status that say that the call failed.
pub const ERRORS: u32 = 0xffff_0000;
pub const GSS_CODE: c_int = 1;
pub const MECH_CODE: c_int = 2;
/// Credentials are for taking logins.
pub const ACCEPT: c_int = 2;
pub const FOR_EVER: u32 = u32::MAX;
/// `GSS_KRB5_NT_PRINCIPAL_NAME`, 1.2.840.113554.1.2.2.1.
pub const PRINCIPAL_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01";

pub type NameHandle = *mut c_void;
pub type CredentialHandle = *mut c_void;
pub type ContextHandle = *mut c_void;

#[repr(C)]
pub struct Buffer {
    pub length: usize,
    pub value: *mut c_void,
}

impl Buffer {
    pub fn empty() -> Self {
        Self { length: 0, value: null_mut() }
    }

    /// For a call that only reads it.
    pub fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

#[repr(C)]
pub struct Oid {
    pub length: u32,
    pub elements: *const c_void,
}

#[repr(C)]
pub struct KeyValue {
    pub key: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub struct KeyValueSet {
    pub count: u32,
    pub elements: *const KeyValue,
}

/// Declares the functions, and finds each by its name in C.
macro_rules! functions {
    ($($field:ident = $name:literal: fn($($argument:ty),*);)+) => {
        pub struct Functions {
            $(pub $field: unsafe extern "C" fn($($argument),*) -> u32,)+
            /// The functions are in it.
            _library: Library,
        }

        impl Functions {
            /// The error says what to install.
            pub fn load() -> Result<Self, String> {
                let missing = |error: libloading::Error| {
                    format!("{LIBRARY} is needed for Kerberos; on Debian it is in the package libgssapi-krb5-2 ({error})")
                };
                // SAFETY: MIT's library has initializers without conditions of their own, and its functions have had
                // these types since release 1.11, which is older than what has to be installed.
                unsafe {
                    let library = Library::new(LIBRARY).map_err(missing)?;
                    Ok(Self { $($field: *library.get($name.as_bytes()).map_err(missing)?,)+ _library: library })
                }
            }
        }
    };
}

functions! {
    import_name = "gss_import_name": fn(*mut u32, *const Buffer, *const Oid, *mut NameHandle);
    display_name = "gss_display_name": fn(*mut u32, NameHandle, *mut Buffer, *mut *const Oid);
    release_name = "gss_release_name": fn(*mut u32, *mut NameHandle);
    acquire_cred_from = "gss_acquire_cred_from": fn(
        *mut u32, NameHandle, u32, *mut c_void, c_int, *const KeyValueSet, *mut CredentialHandle, *mut *mut c_void, *mut u32
    );
    release_cred = "gss_release_cred": fn(*mut u32, *mut CredentialHandle);
    accept_sec_context = "gss_accept_sec_context": fn(
        *mut u32, *mut ContextHandle, CredentialHandle, *const Buffer, *mut c_void, *mut NameHandle, *mut *const Oid,
        *mut Buffer, *mut u32, *mut u32, *mut CredentialHandle
    );
    delete_sec_context = "gss_delete_sec_context": fn(*mut u32, *mut ContextHandle, *mut Buffer);
    wrap = "gss_wrap": fn(*mut u32, ContextHandle, c_int, u32, *const Buffer, *mut c_int, *mut Buffer);
    unwrap = "gss_unwrap": fn(*mut u32, ContextHandle, *const Buffer, *mut Buffer, *mut c_int, *mut u32);
    display_status = "gss_display_status": fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer);
    release_buffer = "gss_release_buffer": fn(*mut u32, *mut Buffer);
}
