//! The schema registry: registries of schemas, each a row of versions of one definition. Times are milliseconds since
//! the epoch. A *scope* is the text that keeps the registries of separate regions apart; empty where there is one for all.

use std::fmt;

use uuid::Uuid;

/// The registry of schemas that are made without naming one. It is made when it is first needed.
pub const DEFAULT_REGISTRY: &str = "default-registry";

/// A closed set of texts, as they are stored and sent.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

texts! {
    /// The language that a definition is written in.
    DataFormat { Avro = "AVRO", Json = "JSON", Protobuf = "PROTOBUF", }
}

texts! {
    /// What a new version has to keep to.
    Compatibility {
        /// Anything goes.
        None = "NONE",
        /// No version after the first.
        Disabled = "DISABLED",
        /// It reads what the version before it wrote.
        Backward = "BACKWARD",
        /// It reads what any version since the checkpoint wrote.
        BackwardAll = "BACKWARD_ALL",
        /// What it writes is read by the version before it.
        Forward = "FORWARD",
        /// What it writes is read by every version since the checkpoint.
        ForwardAll = "FORWARD_ALL",
        /// Both of [`Backward`](Self::Backward) and [`Forward`](Self::Forward).
        Full = "FULL",
        /// Both of [`BackwardAll`](Self::BackwardAll) and [`ForwardAll`](Self::ForwardAll).
        FullAll = "FULL_ALL",
    }
}

impl Compatibility {
    /// The new version must read what earlier ones wrote.
    pub fn reads_earlier(self) -> bool {
        matches!(self, Self::Backward | Self::BackwardAll | Self::Full | Self::FullAll)
    }

    /// Earlier versions must read what the new one writes.
    pub fn is_read_by_earlier(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardAll | Self::Full | Self::FullAll)
    }

    /// Not only the latest version counts.
    pub fn counts_all(self) -> bool {
        matches!(self, Self::BackwardAll | Self::ForwardAll | Self::FullAll)
    }

    pub fn checks(self) -> bool {
        self.reads_earlier() || self.is_read_by_earlier()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    pub id: i64,
    pub name: String,
    pub description: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A schema within its registry. Case counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaName {
    pub registry: String,
    pub schema: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub id: i64,
    pub name: SchemaName,
    pub description: Option<String>,
    pub format: DataFormat,
    pub compatibility: Compatibility,
    /// The version from which on compatibility with *all* versions counts.
    pub checkpoint: i64,
    /// The newest version that passed its check; None where there is none.
    pub latest_version: Option<i64>,
    /// The number that the next version gets. Numbers are not given out twice.
    pub next_version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaVersion {
    pub id: Uuid,
    pub schema: SchemaName,
    pub format: DataFormat,
    /// From 1.
    pub number: i64,
    /// As it was sent, to the character.
    pub definition: String,
    /// Why it is not compatible with the versions before it; None where it is.
    pub failure: Option<String>,
    pub created_at: i64,
}

/// Which version of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionNumber {
    Latest,
    Number(i64),
}

/// Which version of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSelector {
    Id(Uuid),
    Of(SchemaName, VersionNumber),
}

/// A note on a version. A key may have several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionMetadata {
    pub key: String,
    pub value: String,
    pub created_at: i64,
}
