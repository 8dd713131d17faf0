//! The wire contract of AWS Glue, generated from the service's model (`api.json`, API version 2017-03-31): its shapes as
//! types that serde reads and writes, as data with every constraint, and its operations as a table.
//!
//! A request goes through it in two steps: [`Shape::check`] finds what the model forbids, and [`Operation::read`] makes
//! the type. What a handler gets is then known to satisfy the model.

mod scalar;
pub mod shape;
mod validate;

pub use scalar::{Blob, Timestamp};
pub use shape::Shape;
pub use validate::{Constraint, Invalid, Limits, Violation};

/// The structures and enums of the model, named as there. Members are fields in snake case; those that the model does
/// not require are options.
#[allow(clippy::large_enum_variant, missing_docs)]
pub mod types {
    use serde::{Deserialize, Serialize};

    /// A closed set of strings.
    macro_rules! string_enum {
        ($name:ident { $($variant:ident = $text:literal,)* }) => {
            #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name { #[default] $($variant,)* }

            impl $name {
                pub const ALL: &'static [&'static str] = &[$($text,)*];

                pub fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $text,)* }
                }
            }

            impl std::str::FromStr for $name {
                type Err = String;

                fn from_str(text: &str) -> Result<Self, String> {
                    match text {
                        $($text => Ok(Self::$variant),)*
                        other => Err(crate::scalar::not_among(other, Self::ALL)),
                    }
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(self.as_str())
                }
            }

            impl Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::scalar::parsed(deserializer)
                }
            }
        };
    }

    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

/// The shapes of the model as data, each called as in the model but in capitals.
pub mod shapes {
    use crate::shape::{Bounds, Kind, Member, Pattern, Shape, Text};

    include!(concat!(env!("OUT_DIR"), "/shapes.rs"));
}

/// A type for each operation of the service, named as there.
pub mod operations {
    use super::{Operation, OperationInfo, shapes, types};

    macro_rules! operation {
        ($name:ident, $input:ident => $output:ident, $info:expr) => {
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Operation for $name {
                const INFO: &'static OperationInfo = &$info;
                type Input = types::$input;
                type Output = types::$output;

                fn read(input: serde_json::Value) -> serde_json::Result<Self::Input> {
                    serde_json::from_value(input)
                }

                fn write(output: &Self::Output) -> serde_json::Result<Vec<u8>> {
                    serde_json::to_vec(output)
                }
            }
        };
    }

    include!(concat!(env!("OUT_DIR"), "/operations.rs"));
}

pub use operations::OPERATIONS;

/// What the model says of an operation.
#[derive(Debug)]
pub struct OperationInfo {
    pub name: &'static str,
    pub input: &'static Shape,
    pub output: &'static Shape,
    /// The exceptions that it declares.
    pub errors: &'static [&'static str],
    /// The member that limits a page, where answers come in pages.
    pub limit: Option<&'static str>,
}

/// An operation as a type. Reading and writing are compiled here once, and not again in each crate that calls them.
pub trait Operation {
    const INFO: &'static OperationInfo;
    type Input;
    type Output;

    /// The input, from JSON that [`Shape::check`] passed.
    fn read(input: serde_json::Value) -> serde_json::Result<Self::Input>;

    fn write(output: &Self::Output) -> serde_json::Result<Vec<u8>>;
}

/// The operation of this name; None where the service has none.
pub fn operation(name: &str) -> Option<&'static OperationInfo> {
    OPERATIONS.binary_search_by(|operation| operation.name.cmp(name)).ok().map(|at| OPERATIONS[at])
}
