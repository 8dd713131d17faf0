//! Closed sets of words, each of which has a number in the metastore's IDL.

use crate::error::{CatalogError, Result};

/// What [`numbered`] makes: stored as a word, sent as a number.
pub trait Numbered: Copy + Sized + 'static {
    const ALL: &'static [Self];

    fn as_str(self) -> &'static str;

    fn number(self) -> i32;

    /// InvalidInput where it is none of them; `what` they are is for the message.
    fn of_number(what: &str, number: i32) -> Result<Self> {
        Self::ALL.iter().copied().find(|value| value.number() == number).ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|value| format!("{} {}", value.number(), value.as_str())).collect();
            CatalogError::invalid_input(format!("{number} is not a {what}, which is one of {}", all.join(", ")))
        })
    }

    /// A word that was stored.
    fn stored(word: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.as_str() == word)
            .ok_or_else(|| CatalogError::internal(format!("{word:?} is not what this version stores")))
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $number:literal $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant = $number,)+ }

        impl $crate::model::numbered::Numbered for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn number(self) -> i32 {
                self as i32
            }
        }
    };
}

pub(crate) use numbered;
