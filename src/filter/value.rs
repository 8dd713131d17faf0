//! How stored values and constants compare, by the type of the partition key.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::number::{MAX_NUMBER_LENGTH, Number};
use crate::model::partition_name::DEFAULT_PARTITION;

/// How the values of a key compare; the table in the documentation of [`super`] says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Text,
    /// Text, of which the null partition is none: what a formula sees in a text key.
    NonNull,
    Integer,
    Decimal,
    Date,
    Timestamp,
    Boolean,
}

impl Class {
    /// The class of a Hive type, as written in a schema: `decimal(10,2)`, `varchar(20)`.
    pub fn of(type_name: &str) -> Class {
        let base = type_name.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
        match base.as_str() {
            "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long" => Class::Integer,
            "decimal" | "numeric" | "float" | "double" | "double precision" => Class::Decimal,
            "date" => Class::Date,
            "timestamp" => Class::Timestamp,
            "boolean" => Class::Boolean,
            _ => Class::Text,
        }
    }

    /// A stored text as what it compares as, if it is a value of this class.
    pub fn read(self, text: &str) -> Option<Value<'_>> {
        match self {
            Class::Text => Some(Value::Text(text.into())),
            Class::NonNull => (text != DEFAULT_PARTITION).then(|| Value::Text(text.into())),
            Class::Integer => Number::whole(text).map(Value::Number),
            Class::Decimal => Number::decimal(text).map(Value::Number),
            Class::Date => date(text).map(|day| Value::Text(day.into())),
            Class::Timestamp => timestamp(text).map(|instant| Value::Text(instant.into())),
            Class::Boolean => boolean(text).map(|word| Value::Text(word.into())),
        }
    }

    /// The expression for what a text expression of SQL compares as under this class: null where
    /// [`read`](Self::read) has nothing, text or numeric otherwise.
    pub fn sql(self, text: &str) -> String {
        const DAY: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
        const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
        let number = |form: &str| {
            // The guard keeps the cast from failing, whatever is stored.
            format!(
                "case when length({text}) <= {MAX_NUMBER_LENGTH} and {text} ~ '^[+-]?{form}$' then {text}::numeric end"
            )
        };
        match self {
            Class::Text => text.to_owned(),
            Class::NonNull => format!("nullif({text}, '{DEFAULT_PARTITION}')"),
            Class::Integer => number("[0-9]+"),
            Class::Decimal => number(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"),
            Class::Date => format!("case when {text} ~ '^{DAY}($|[ T])' then left({text}, 10) end"),
            Class::Timestamp => format!(
                r"case when {text} ~ '^{DAY}[ T]{TIME}(\.[0-9]+)?$' then left({text}, 10) || ' ' || substr({text}, 12, 8) || rtrim(rtrim(substr({text}, 20), '0'), '.') when {text} ~ '^{DAY}$' then {text} || ' 00:00:00' end"
            ),
            Class::Boolean => format!("case when lower({text}) in ('false', 'true') then lower({text}) end"),
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Class::Integer | Class::Decimal)
    }
}

/// What a value compares as. Dates, timestamps and booleans have a text that orders as they do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    Number(Number),
}

impl Value<'_> {
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Text(text) => Value::Text(text.into_owned().into()),
            Value::Number(number) => Value::Number(number),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
        }
    }
}

/// Values of one class compare by what they are; those of two classes are never compared.
impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::Text(_), Value::Number(_)) => Ordering::Greater,
            (Value::Number(_), Value::Text(_)) => Ordering::Less,
        }
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A constant as it stands in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant<'a> {
    Text(Cow<'a, str>),
    /// Of the form that [`Number::decimal`] reads, but for its length.
    Number(Cow<'a, str>),
    Date(Cow<'a, str>),
    Timestamp(Cow<'a, str>),
    Boolean(bool),
    /// What IS NULL compares with.
    Null,
}

impl Constant<'_> {
    /// The constant as text, which is what a text key compares with.
    pub fn text(&self) -> &str {
        match self {
            Constant::Text(text) | Constant::Number(text) | Constant::Date(text) | Constant::Timestamp(text) => text,
            Constant::Boolean(true) => "true",
            Constant::Boolean(false) => "false",
            Constant::Null => DEFAULT_PARTITION,
        }
    }

    /// The class to compare under, and the value to compare with, for a key of this class: the key's own, but text
    /// for the null partition. The error says what such a key takes.
    pub fn under(&self, class: Class) -> Result<(Class, Value<'static>), &'static str> {
        let text = self.text();
        if text == DEFAULT_PARTITION {
            return Ok((Class::Text, Value::Text(DEFAULT_PARTITION.into())));
        }
        let literal = !matches!(self, Constant::Number(_) | Constant::Boolean(_));
        let value = match class {
            Class::Text | Class::NonNull => Some(Value::Text(text.to_owned().into())),
            Class::Integer | Class::Decimal => Number::decimal(text).map(Value::Number),
            Class::Date if literal => day_of(text).map(|day| Value::Text(day.to_owned().into())),
            Class::Timestamp if literal => calendar(text).and(class.read(text)).map(Value::into_owned),
            Class::Boolean => class.read(text).map(Value::into_owned),
            Class::Date | Class::Timestamp => None,
        };
        let takes = match class {
            Class::Date => "a date such as '2026-01-31'",
            Class::Timestamp => "a timestamp such as '2026-01-31 12:00:00'",
            Class::Boolean => "'true' or 'false'",
            Class::Integer | Class::Decimal | Class::Text | Class::NonNull => "a number of at most 100 characters",
        };
        value.map(|value| (class, value)).ok_or(takes)
    }

    /// As [`under`](Self::under), for a constant that must be a value of the class as it is written: no fraction under
    /// an integer, no time under a date, not without one under a timestamp, and of that at most nine digits of a second.
    pub fn cast(&self, class: Class) -> Option<(Class, Value<'static>)> {
        let text = self.text();
        let fits = match class {
            _ if text == DEFAULT_PARTITION => true,
            Class::Integer => Number::whole(text).is_some(),
            Class::Date => text.len() == 10,
            Class::Timestamp => (19..=29).contains(&text.len()) && text.as_bytes()[10] == b' ',
            Class::Text | Class::NonNull | Class::Decimal | Class::Boolean => true,
        };
        if fits { self.under(class).ok() } else { None }
    }
}

fn digits(text: &str, range: std::ops::Range<usize>) -> Option<u32> {
    let part = text.get(range)?;
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// The date that the text begins with, in the form that is compared; it may be one that no calendar has.
fn date(text: &str) -> Option<&str> {
    let day = text.get(..10)?;
    let bytes = day.as_bytes();
    digits(day, 0..4)?;
    let shaped = bytes[4] == b'-'
        && bytes[7] == b'-'
        && (1..=12).contains(&digits(day, 5..7)?)
        && (1..=31).contains(&digits(day, 8..10)?);
    let ends = matches!(text.as_bytes().get(10), None | Some(b' ' | b'T'));
    (shaped && ends).then_some(day)
}

/// The timestamp in the form that is compared: seconds, and a fraction without zeros at its end.
fn timestamp(text: &str) -> Option<String> {
    let day = date(text)?;
    if text.len() == 10 {
        return Some(format!("{day} 00:00:00"));
    }
    let time = text.get(11..19)?;
    let bytes = time.as_bytes();
    let shaped = bytes[2] == b':'
        && bytes[5] == b':'
        && digits(time, 0..2)? < 24
        && digits(time, 3..5)? < 60
        && digits(time, 6..8)? < 60;
    let fraction = match &text[19..] {
        "" => "",
        more => more.strip_prefix('.').filter(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))?,
    };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    shaped.then(|| format!("{day} {time}{point}{fraction}"))
}

fn boolean(text: &str) -> Option<&'static str> {
    ["false", "true"].into_iter().find(|word| text.eq_ignore_ascii_case(word))
}

/// The date that the text begins with, if the calendar has it.
fn calendar(text: &str) -> Option<&str> {
    let day = date(text)?;
    let (year, month, of_month) = (digits(day, 0..4)?, digits(day, 5..7)?, digits(day, 8..10)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (of_month <= longest).then_some(day)
}

/// A date constant: a date, or a timestamp at its start.
fn day_of(text: &str) -> Option<&str> {
    let day = calendar(text)?;
    (text.len() == 10 || timestamp(text)?.ends_with(" 00:00:00")).then_some(day)
}
