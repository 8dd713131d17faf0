use std::fmt;

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::error::{Result, WarehouseError, WarehouseErrorKind::InvalidLocation};

/// Hive's own schema keeps locations in columns of this length.
const MAX_LENGTH: usize = 4000;

/// Where data lies: `file:/a/b`, `/a/b`, `s3://bucket/x`, `hdfs://host:8020/x`, ...
///
/// The text is kept as the client wrote it, and `==` compares it; `is_same` and `is_under` look
/// through the spelling. It is read as Hadoop's `Path` reads it, which is not a URL: `%`, `#` and
/// `?` are characters like any other, so `file:/t/region=us west%2F1` names a directory called
/// `region=us west%2F1`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Location {
    text: String,
    /// Lower case; `file` where the text has none.
    scheme: String,
    authority: String,
    /// Where the path begins in `text`.
    path_at: usize,
}

/// Which store answers for a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store<'a> {
    LocalFiles,
    S3 { bucket: &'a str },
    Unsupported,
}

impl Location {
    /// Reads a location. Refused with `InvalidLocation`: empty or longer than 4000 bytes, a
    /// relative path, control characters, the path segments `.` and `..`, credentials before an
    /// `@` in the bucket of an S3 location, a host other than `localhost` in a `file:` location.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            let shown = redacted(text);
            let message = format!("Location {shown:?} {why}.");
            Err(WarehouseError::new(InvalidLocation, shown, message))
        };
        if text.is_empty() {
            return refuse("is empty; give an absolute path or a URL");
        }
        if text.len() > MAX_LENGTH {
            return refuse("is longer than 4000 bytes");
        }
        if text.chars().any(|c| c.is_ascii_control()) {
            return refuse("holds a control character");
        }
        let (scheme, rest_at) = match (text.find(':'), text.find('/')) {
            (Some(colon), slash) if slash.is_none_or(|slash| colon < slash) => {
                (text[..colon].to_ascii_lowercase(), colon + 1)
            }
            _ => ("file".to_string(), 0),
        };
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        {
            return refuse("has no valid scheme before its first colon");
        }
        let (authority, path_at) = match text[rest_at..].strip_prefix("//") {
            // Without a scheme Hadoop reads "//host/path" so too, but nobody means that.
            Some(rest) if rest_at > 0 => {
                let end = rest.find('/').unwrap_or(rest.len());
                (&rest[..end], rest_at + 2 + end)
            }
            _ => ("", rest_at),
        };
        let path = &text[path_at..];
        if !path.starts_with('/') && (!path.is_empty() || authority.is_empty()) {
            return refuse("has no absolute path; give one, or a URL");
        }
        if path.split('/').any(|segment| matches!(segment, "." | "..")) {
            return refuse("holds a '.' or '..' segment; write the path that it stands for");
        }
        let location = Self { authority: authority.to_string(), text: text.to_string(), scheme, path_at };
        match location.store() {
            Store::LocalFiles if !matches!(authority, "" | "localhost") => {
                refuse("names another host; a file location is a path on this server")
            }
            Store::S3 { bucket } if bucket.contains('@') => {
                refuse("holds credentials; put them into the object store settings")
            }
            Store::S3 { bucket } if !is_bucket_name(bucket) => {
                refuse("has no valid bucket name; write s3://BUCKET/PATH")
            }
            _ => Ok(location),
        }
    }

    /// A URL proper, as settings hold it, where `%20` stands for a space. One of a local folder is written as Hadoop
    /// does: `file:/a`.
    pub fn from_url(url: &Url) -> Result<Self> {
        let path = percent_decode_str(url.path()).decode_utf8_lossy();
        let authority = &url[Position::BeforeUsername..Position::AfterPort];
        match !authority.is_empty() || url.scheme() != "file" {
            true => Self::parse(&format!("{}://{authority}{path}", url.scheme())),
            false => Self::parse(&format!("file:{path}")),
        }
    }

    /// The location exactly as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Lower case; `file` for a plain path.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// A bare root (`/`, `s3://bucket`, `hdfs://host:8020/`), which no table may own.
    pub fn is_root(&self) -> bool {
        self.segments().next().is_none()
    }

    /// The root that it lies under, such as `file://` or `s3://bucket`. The same for all spellings of a store.
    pub fn root(&self) -> String {
        format!("{}://{}", self.family(), self.host())
    }

    /// The same as the metastore keeps it: a local folder as Hadoop writes it, `file:/a` for `/a`, `file:///a` and
    /// `file:/a/`, and all else as it was written.
    pub fn as_kept(self) -> Self {
        if self.store() != Store::LocalFiles {
            return self;
        }
        Self {
            text: format!("file:/{}", self.key()),
            scheme: "file".to_owned(),
            authority: String::new(),
            path_at: "file:".len(),
        }
    }

    /// The directory above; none above a root.
    pub fn parent(&self) -> Option<Self> {
        let path = self.path().trim_end_matches('/');
        let parent = path[..path.rfind('/')?].trim_end_matches('/');
        let mut text = format!("{}{parent}", &self.text[..self.path_at]);
        if parent.is_empty() && self.authority.is_empty() {
            text.push('/');
        }
        Some(Self { text, ..self.clone() })
    }

    /// `child`, one or more segments such as `k1=v1/k2=v2`, below this location, whose spelling
    /// is kept. Refused with `InvalidLocation` when `child` is not plainly below: an empty, `.`
    /// or `..` segment or a control character.
    pub fn join(&self, child: &str) -> Result<Self> {
        let plain = child.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        if !plain {
            let message = format!("{child:?} cannot be the name of a directory below {self}.");
            return Err(WarehouseError::new(InvalidLocation, child, message));
        }
        let base = self.text[..].trim_end_matches('/');
        let base = &self.text[..base.len().max(self.path_at)];
        Self::parse(&format!("{base}/{child}"))
    }

    /// The default location of a database in this warehouse root: `ROOT/NAME.db`.
    pub fn database_directory(&self, name: &str) -> Result<Self> {
        self.one_below(name, format!("{name}.db"))
    }

    /// The default location of a table in this database location. As Hive names it: letters,
    /// digits and `_` stay, any other character becomes its code between dashes (`-47-` for
    /// `/`), so that no table name leads out of the database or into another table.
    pub fn table_directory(&self, name: &str) -> Result<Self> {
        let mut directory = String::with_capacity(name.len());
        for c in name.chars() {
            if c.is_alphanumeric() || c == '_' {
                directory.push(c);
            } else {
                directory.push_str(&format!("-{}-", u32::from(c)));
            }
        }
        self.one_below(name, directory)
    }

    fn one_below(&self, name: &str, directory: String) -> Result<Self> {
        if name.is_empty() || name.contains('/') {
            let message = format!("{name:?} cannot be the name of a directory below {self}; give a location.");
            return Err(WarehouseError::new(InvalidLocation, name, message));
        }
        self.join(&directory)
    }

    /// The same place, whatever the spelling: `file:/a`, `file:///a/` and `/a` are one, and so
    /// are `s3://b/x`, `s3a://b/x` and `s3n://b/x`.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_under(other) && other.is_under(self)
    }

    /// The same place as `base`, or below it.
    pub fn is_under(&self, base: &Self) -> bool {
        self.below(base).is_some()
    }

    /// This location after everything below `from` has moved to `to`; none when it is not
    /// below `from`.
    pub fn rebase(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.below(from)?;
        if rest.is_empty() {
            return Some(to.clone());
        }
        to.join(&rest.join("/")).ok()
    }

    /// The segments of this location below `base`.
    fn below(&self, base: &Self) -> Option<Vec<&str>> {
        if (self.family(), self.host()) != (base.family(), base.host()) {
            return None;
        }
        let mut segments = self.segments();
        for expected in base.segments() {
            if segments.next() != Some(expected) {
                return None;
            }
        }
        Some(segments.collect())
    }

    pub(super) fn store(&self) -> Store<'_> {
        match self.family() {
            "file" => Store::LocalFiles,
            "s3" => Store::S3 { bucket: &self.authority },
            _ => Store::Unsupported,
        }
    }

    /// The path without empty segments: `a/b`; empty for a root.
    pub(super) fn key(&self) -> String {
        self.segments().collect::<Vec<_>>().join("/")
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        self.path().split('/').filter(|segment| !segment.is_empty())
    }

    fn path(&self) -> &str {
        &self.text[self.path_at..]
    }

    fn family(&self) -> &str {
        match self.scheme.as_str() {
            "s3a" | "s3n" => "s3",
            scheme => scheme,
        }
    }

    fn host(&self) -> &str {
        match self.family() {
            "file" => "",
            _ => &self.authority,
        }
    }
}

/// Names that S3 and its look-alikes accept, and nothing that could bend a URL.
fn is_bucket_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// Old S3 locations carry `KEY:SECRET@bucket`; nothing before the `@` may reach a log.
fn redacted(text: &str) -> String {
    const SHOWN: usize = 200;
    let authority_at = text.find("://").map_or(0, |at| at + 3);
    let authority_end = text[authority_at..].find('/').map_or(text.len(), |at| authority_at + at);
    let authority = &text[authority_at..authority_end];
    let is_s3 = text.len() >= 2 && text.as_bytes()[..2].eq_ignore_ascii_case(b"s3");
    let mut shown = match (authority.find(':'), authority.rfind('@')) {
        // A secret with a slash in it ends the authority early.
        (Some(_), None) if is_s3 => format!("{}***", &text[..authority_at]),
        (Some(colon), Some(at)) if colon < at => {
            format!("{}***{}", &text[..authority_at], &text[authority_at + at..])
        }
        _ => text.to_string(),
    };
    if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(end);
        shown.push_str("...");
    }
    shown
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl std::str::FromStr for Location {
    type Err = WarehouseError;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
