//! The part of GSS-API (RFC 2744) that a server needs, from MIT's library.

mod ffi;

use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::{Arc, OnceLock};

use self::ffi::{Buffer, ContextHandle, CredentialHandle, Functions, KeyValue, KeyValueSet, NameHandle, Oid};

/// What a call of the library failed with, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GssError(String);

/// The library, loaded once and for all.
#[derive(Clone, Copy)]
pub struct Gssapi(&'static Functions);

impl fmt::Debug for Gssapi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gssapi")
    }
}

impl Gssapi {
    pub fn load() -> Result<Self, String> {
        static LOADED: OnceLock<Result<Functions, String>> = OnceLock::new();
        LOADED.get_or_init(Functions::load).as_ref().map(Self).map_err(Clone::clone)
    }

    fn check(self, call: &str, major: u32, minor: u32) -> Result<(), GssError> {
        if major & ffi::ERRORS == 0 {
            return Ok(());
        }
        let words = [(major, ffi::GSS_CODE), (minor, ffi::MECH_CODE)].map(|(status, kind)| self.words(status, kind));
        Err(GssError(format!("{call}: {}", words.join(": "))))
    }

    fn words(self, status: u32, kind: i32) -> String {
        let (mut minor, mut more, mut text) = (0, 0, Buffer::empty());
        // SAFETY: all pointers are to live variables; the library fills `text`, which `take` gives back to it.
        let major = unsafe { (self.0.display_status)(&mut minor, status, kind, null(), &mut more, &mut text) };
        let text = self.take(text);
        if major & ffi::ERRORS == 0 { String::from_utf8_lossy(&text).into_owned() } else { format!("status {status}") }
    }

    /// The bytes of a buffer that the library made, which it gets back.
    fn take(self, mut buffer: Buffer) -> Vec<u8> {
        let bytes = match buffer.value.is_null() {
            true => Vec::new(),
            // SAFETY: the library says that so many bytes are there, and nobody frees them before the next call.
            false => unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec(),
        };
        let mut minor = 0;
        // SAFETY: the buffer is the library's own, or empty.
        unsafe { (self.0.release_buffer)(&mut minor, &mut buffer) };
        bytes
    }
}

/// The server's principal, and the right to take tickets for it.
#[derive(Debug)]
pub struct Credentials {
    library: Gssapi,
    handle: CredentialHandle,
}

// SAFETY: RFC 2744 lets threads share credentials, and MIT's library locks them.
unsafe impl Send for Credentials {}
unsafe impl Sync for Credentials {}

impl Credentials {
    pub fn acquire(library: Gssapi, principal: &str, keytab: &Path) -> Result<Self, GssError> {
        let c_string = |text: String| CString::new(text).map_err(|_| GssError("a name holds a NUL".to_owned()));
        let keytab = c_string(format!("FILE:{}", keytab.display()))?;
        let element = KeyValue { key: c"keytab".as_ptr(), value: keytab.as_ptr() };
        let store = KeyValueSet { count: 1, elements: &element };
        let name = Name::of_principal(library, principal)?;
        let (mut minor, mut handle) = (0, null_mut());
        // SAFETY: name, store and what it points to live until the call returns; null asks for no answer.
        let major = unsafe {
            (library.0.acquire_cred_from)(
                &mut minor,
                name.handle,
                ffi::FOR_EVER,
                null_mut(),
                ffi::ACCEPT,
                &store,
                &mut handle,
                null_mut(),
                null_mut(),
            )
        };
        library.check("gss_acquire_cred_from", major, minor)?;
        Ok(Self { library, handle })
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is the library's own, and used by nobody any more.
        unsafe { (self.library.0.release_cred)(&mut minor, &mut self.handle) };
    }
}

struct Name {
    library: Gssapi,
    handle: NameHandle,
}

impl Name {
    fn of_principal(library: Gssapi, principal: &str) -> Result<Self, GssError> {
        let text = Buffer::of(principal.as_bytes());
        let kind = Oid { length: ffi::PRINCIPAL_NAME.len() as u32, elements: ffi::PRINCIPAL_NAME.as_ptr().cast() };
        let (mut minor, mut handle) = (0, null_mut());
        // SAFETY: the library reads text and kind, which outlive the call, and copies them.
        let major = unsafe { (library.0.import_name)(&mut minor, &text, &kind, &mut handle) };
        library.check("gss_import_name", major, minor)?;
        Ok(Self { library, handle })
    }

    fn text(&self) -> Result<String, GssError> {
        let (mut minor, mut text) = (0, Buffer::empty());
        // SAFETY: the name is the library's own; null asks for no kind of name.
        let major = unsafe { (self.library.0.display_name)(&mut minor, self.handle, &mut text, null_mut()) };
        let text = self.library.take(text);
        self.library.check("gss_display_name", major, minor)?;
        String::from_utf8(text).map_err(|_| GssError("the name is not UTF-8".to_owned()))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is the library's own, and used by nobody any more.
        unsafe { (self.library.0.release_name)(&mut minor, &mut self.handle) };
    }
}

/// A login under way, and then what protects the connection.
#[derive(Debug)]
pub struct Context {
    credentials: Arc<Credentials>,
    handle: ContextHandle,
    /// Who the caller is: known when it is done.
    client: Option<String>,
}

// SAFETY: a context may be used by any thread, by one at a time: it has no Sync, and its methods want it for themselves.
unsafe impl Send for Context {}

impl Context {
    pub(super) fn new(credentials: Arc<Credentials>) -> Self {
        Self { credentials, handle: null_mut(), client: None }
    }

    /// The principal of the caller, once the login is done.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Takes what the caller sent; gives what to send back. Reads files: not for a thread that others wait for.
    pub fn accept(&mut self, token: &[u8]) -> Result<Vec<u8>, GssError> {
        let library = self.credentials.library;
        let input = Buffer::of(token);
        let (mut minor, mut output, mut name) = (0, Buffer::empty(), null_mut());
        // SAFETY: all pointers are to live variables, or null where no answer is asked for.
        let major = unsafe {
            (library.0.accept_sec_context)(
                &mut minor,
                &mut self.handle,
                self.credentials.handle,
                &input,
                null_mut(),
                &mut name,
                null_mut(),
                &mut output,
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        let output = library.take(output);
        let name = (!name.is_null()).then_some(Name { library, handle: name });
        library.check("gss_accept_sec_context", major, minor)?;
        if major & ffi::CONTINUE_NEEDED == 0 {
            let name = name.ok_or_else(|| GssError("the caller has no name".to_owned()))?;
            self.client = Some(name.text()?);
        }
        Ok(output)
    }

    /// Protects bytes from change, and from being read where `confidential`.
    pub fn wrap(&mut self, bytes: &[u8], confidential: bool) -> Result<Vec<u8>, GssError> {
        let library = self.credentials.library;
        let input = Buffer::of(bytes);
        let (mut minor, mut made_secret, mut output) = (0, 0, Buffer::empty());
        // SAFETY: as above; the context is an established one, or the library says that it is not.
        let major = unsafe {
            (library.0.wrap)(&mut minor, self.handle, i32::from(confidential), 0, &input, &mut made_secret, &mut output)
        };
        let output = library.take(output);
        library.check("gss_wrap", major, minor)?;
        if confidential && made_secret == 0 {
            return Err(GssError("gss_wrap: the ticket's keys cannot encrypt".to_owned()));
        }
        Ok(output)
    }

    /// The bytes that were protected, and whether nobody else could read them.
    pub fn unwrap(&mut self, bytes: &[u8]) -> Result<(Vec<u8>, bool), GssError> {
        let library = self.credentials.library;
        let input = Buffer::of(bytes);
        let (mut minor, mut was_secret, mut output) = (0, 0, Buffer::empty());
        // SAFETY: as above.
        let major =
            unsafe { (library.0.unwrap)(&mut minor, self.handle, &input, &mut output, &mut was_secret, null_mut()) };
        let output = library.take(output);
        library.check("gss_unwrap", major, minor)?;
        Ok((output, was_secret != 0))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is the library's own or null, and used by nobody any more; null asks for no token.
        unsafe { (self.credentials.library.0.delete_sec_context)(&mut minor, &mut self.handle, null_mut()) };
    }
}
