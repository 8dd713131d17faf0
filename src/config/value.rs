//! How each type of setting is read from text.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

/// A type that a setting can have. The error says what is expected, as the end of a sentence.
pub trait Value: Sized {
    fn parse(text: &str) -> Result<Self, String>;

    /// The value of a setting that nobody set and that has no default.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether a wrong value is kept out of the error.
    const SECRET: bool = false;

    /// Whether the file may give it as a list of texts.
    const LIST: bool = false;
}

impl<T: Value> Value for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    const SECRET: bool = T::SECRET;
}

impl Value for String {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

/// Separated by commas.
impl Value for Vec<String> {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }

    const LIST: bool = true;
}

impl Value for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("give `true` or `false`".into()),
        }
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(0) | Err(_) => Err(format!("give a whole number from 1 to {}", u32::MAX)),
            Ok(number) => Ok(number),
        }
    }
}

impl Value for u8 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("give a whole number from 0 to {}", Self::MAX))
    }
}

impl Value for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
            _ => Err("give a time of at least `1s` with its unit, such as `30s`, `10m`, `1h` or `7d`".into()),
        }
    }
}

/// A time that something may be off by; `None`, written `0s`, is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance(pub Option<Duration>);

impl Value for Tolerance {
    fn parse(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            Ok(Duration::ZERO) => Ok(Self(None)),
            _ => Duration::parse(text).map(|time| Self(Some(time))).map_err(|expected| format!("{expected}, or `0s`")),
        }
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, String> {
        std::path::absolute(text).map_err(|error| format!("give a path ({error})"))
    }
}

impl Value for Url {
    fn parse(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| format!("give a URL with its scheme ({error})"))?;
        // Paths are joined to these with a slash, so `…/` and `…` have to be the same.
        let trimmed = url.path().trim_end_matches('/').to_owned();
        url.set_path(&trimmed);
        Ok(url)
    }
}

impl Value for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = "give HOST:PORT, such as `127.0.0.1:9083` or `0.0.0.0:9083`";
        match text.to_socket_addrs() {
            Ok(mut addresses) => addresses.next().ok_or_else(|| format!("{expected}: the host has no address")),
            Err(error) => Err(format!("{expected} ({error})")),
        }
    }
}

/// A number of bytes, written with its unit: `100MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// As a length in memory; what a machine cannot hold is as good as unlimited.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Value for ByteSize {
    fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<bytesize::ByteSize>() {
            Ok(size) if size.as_u64() >= 1024 => Ok(Self(size.as_u64())),
            _ => Err("give a size of at least `1KiB` with its unit, such as `100MiB` or `2GiB`".into()),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bytesize::ByteSize(self.0).display().iec().fmt(f)
    }
}

/// Text that is never logged: `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value for Secret {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }

    const SECRET: bool = true;
}

/// A way to log in on the Thrift port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMethod {
    /// A password, against the users kept here.
    Plain,
    /// A password, against a directory.
    Ldap,
    Kerberos,
    /// A bearer token, over HTTP.
    Jwt,
}

/// Separated by commas; empty, written `none`, asks for no login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginMethods(pub Vec<LoginMethod>);

impl LoginMethods {
    pub fn has(&self, method: LoginMethod) -> bool {
        self.0.contains(&method)
    }
}

impl Value for LoginMethods {
    fn parse(text: &str) -> Result<Self, String> {
        let methods = Vec::<String>::parse(text)?;
        if methods == ["none"] {
            return Ok(Self::default());
        }
        let method = |name: &String| match name.as_str() {
            "plain" => Ok(LoginMethod::Plain),
            "ldap" => Ok(LoginMethod::Ldap),
            "kerberos" => Ok(LoginMethod::Kerberos),
            "jwt" => Ok(LoginMethod::Jwt),
            _ => Err("give `none`, or some of `plain`, `ldap`, `kerberos` and `jwt` with commas between them".into()),
        };
        methods.iter().map(method).collect::<Result<_, String>>().map(Self)
    }

    const LIST: bool = true;
}

/// How a connection is protected once somebody has logged in; the words are those of `hadoop.rpc.protection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Not at all, or by TLS.
    Authentication,
    /// Against change.
    Integrity,
    /// Against reading too.
    Privacy,
}

/// Separated by commas. A client chooses one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protections(pub Vec<Protection>);

impl Default for Protections {
    fn default() -> Self {
        Self(vec![Protection::Authentication, Protection::Integrity, Protection::Privacy])
    }
}

impl Protections {
    pub fn has(&self, protection: Protection) -> bool {
        self.0.contains(&protection)
    }
}

impl Value for Protections {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = "give some of `authentication`, `integrity` and `privacy` with commas between them";
        let protection = |name: &String| match name.as_str() {
            "authentication" => Ok(Protection::Authentication),
            "integrity" => Ok(Protection::Integrity),
            "privacy" => Ok(Protection::Privacy),
            _ => Err(expected.to_owned()),
        };
        let all = Vec::<String>::parse(text)?.iter().map(protection).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() { Err(expected.to_owned()) } else { Ok(Self(all)) }
    }

    const LIST: bool = true;
}

/// Networks such as `10.1.0.0/16`, and single addresses; separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Value for Networks {
    fn parse(text: &str) -> Result<Self, String> {
        let network = |text: &String| {
            let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
            let expected = || format!("give addresses or networks such as `10.1.0.0/16`: {text:?} is neither");
            text.parse().ok().or_else(address).ok_or_else(expected)
        };
        Vec::<String>::parse(text)?.iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    const LIST: bool = true;
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Value for LogFormat {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("give `text` or `json`".into()),
        }
    }
}
