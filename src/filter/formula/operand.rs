//! Keys and constants as a comparison sees them, after casts.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::lexer::Op;
use super::super::number::Number;
use super::super::predicate::Column;
use super::super::value::{Class, Constant, Value};
use super::{Formula, Literal, Meaning, open};

/// A Hive type, as far as casts between them differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    Boolean,
    /// With the most digits that every value has room for.
    Integer(u32),
    /// Digits before and after the point.
    Decimal(u32, u32),
    Float,
    /// The most characters; those of `char` end before their last blanks.
    Text {
        length: Option<usize>,
        padded: bool,
    },
    Date,
    Timestamp,
    Other,
}

impl Outlook {
    pub fn of(type_name: &str) -> Outlook {
        let (base, parameters) = type_name.split_once('(').unwrap_or((type_name, ""));
        let mut numbers = parameters.trim_end_matches(')').split(',').map(|number| number.trim().parse::<u32>().ok());
        let mut number = || numbers.next().flatten();
        match base.trim().to_ascii_lowercase().as_str() {
            "boolean" => Outlook::Boolean,
            "tinyint" => Outlook::Integer(2),
            "smallint" => Outlook::Integer(4),
            "int" | "integer" => Outlook::Integer(9),
            "bigint" | "long" => Outlook::Integer(18),
            "float" | "double" | "double precision" => Outlook::Float,
            "decimal" | "numeric" => {
                let precision = number().unwrap_or(10);
                let scale = number().unwrap_or(0);
                Outlook::Decimal(precision.saturating_sub(scale), scale)
            }
            "string" => Outlook::Text { length: None, padded: false },
            "varchar" => Outlook::Text { length: number().map(|length| length as usize), padded: false },
            "char" => Outlook::Text { length: number().map(|length| length as usize), padded: true },
            "date" => Outlook::Date,
            "timestamp" => Outlook::Timestamp,
            _ => Outlook::Other,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Outlook::Text { .. })
    }

    /// Whether every value of this type is the same number under the other.
    fn widens_to(self, to: Outlook) -> bool {
        match (self, to) {
            (Outlook::Integer(digits), Outlook::Integer(room)) => digits <= room,
            // A type of n whole digits has values of one digit more.
            (Outlook::Integer(digits), Outlook::Decimal(room, _)) => digits < room,
            (Outlook::Decimal(whole, scale), Outlook::Decimal(room, kept)) => whole <= room && scale <= kept,
            (Outlook::Integer(_) | Outlook::Decimal(..) | Outlook::Float, Outlook::Float) => true,
            _ => false,
        }
    }
}

/// One side of a comparison.
pub enum Side {
    Key(Operand),
    Literal(Literal),
}

/// What a key is equal to.
pub enum Equality {
    To(Column, Value<'static>),
    /// All texts that begin so.
    ToBeginning(Column, String),
    /// Nothing decides this comparison.
    ToNull,
}

/// A key, after casts.
#[derive(Debug, Clone, Copy)]
pub struct Operand {
    key: usize,
    stored: Outlook,
    seen: Outlook,
    /// What the stored text is read as.
    class: Class,
    /// The least length that texts were cut to.
    length: Option<usize>,
}

impl Operand {
    pub fn new(key: usize, type_name: &str) -> Self {
        let stored = Outlook::of(type_name);
        let class = match Class::of(type_name) {
            Class::Text => Class::NonNull,
            class => class,
        };
        Operand { key, stored, seen: stored, class, length: None }
    }

    pub fn key(&self) -> usize {
        self.key
    }

    /// Whether its values are the stored texts.
    pub fn is_text(&self) -> bool {
        self.class == Class::NonNull
    }

    pub fn is_boolean(&self) -> bool {
        self.seen == Outlook::Boolean
    }

    /// None where stored texts do not compare as values of the other type would.
    pub fn cast(self, to: Outlook) -> Option<Operand> {
        let read = |class| Some(Operand { class, seen: to, ..self });
        match (self.seen, to) {
            (from, Outlook::Text { length, .. })
                if from.is_text() && (length.is_none() || self.class == Class::NonNull) =>
            {
                let length = [self.length, length].into_iter().flatten().min();
                Some(Operand { length, seen: to, ..self })
            }
            // A number, date or timestamp spelt out, which only `equality` knows to compare.
            (Outlook::Integer(_) | Outlook::Date | Outlook::Timestamp, Outlook::Text { length: None, .. }) => {
                read(self.class)
            }
            (from, to) if from == to && to != Outlook::Other => Some(self),
            (from, to) if from.widens_to(to) => read(self.class),
            (Outlook::Date, Outlook::Timestamp) if self.stored == Outlook::Date => read(Class::Timestamp),
            (Outlook::Timestamp, Outlook::Date) => read(Class::Date),
            // What was spelt out or cut is not what is stored.
            (from, _) if !from.is_text() || self.length.is_some() || self.class != Class::NonNull => None,
            (_, Outlook::Integer(_)) => read(Class::Integer),
            (_, Outlook::Decimal(..) | Outlook::Float) => read(Class::Decimal),
            (_, Outlook::Date) => read(Class::Date),
            (_, Outlook::Timestamp) => read(Class::Timestamp),
            _ => None,
        }
    }

    /// The key, where it is null exactly when its partition is a null partition. `whole` is for the message.
    pub fn nullable(&self, whole: &Formula) -> Meaning<usize> {
        let own = self.stored.is_text() == (self.class == Class::NonNull);
        if own { Ok(self.key) } else { open(format!("{whole} asks for values that do not fit a cast")) }
    }

    /// The column, where its stored text is what LIKE would see.
    pub fn text(&self, whole: &Formula) -> Meaning<Column> {
        if self.seen.is_text() && self.class == Class::NonNull && self.length.is_none() {
            return Ok((self.key, Class::NonNull));
        }
        open(format!("LIKE looks at stored text, and {whole} is none"))
    }

    pub fn equality(&self, op: Op, literal: &Literal) -> Meaning<Equality> {
        if *literal == Literal::Null {
            return Ok(Equality::ToNull);
        }
        let (class, constant) = match self.class {
            Class::Text | Class::NonNull => {
                if let (Literal::Text(text), Some(length), Op::Eq | Op::Ne) = (literal, self.length, op)
                    && text.chars().count() == length
                {
                    return Ok(Equality::ToBeginning((self.key, Class::NonNull), text.clone()));
                }
                self.beside_text(literal)?
            }
            Class::Integer | Class::Decimal => (self.class, self.beside_number(op, literal)?),
            Class::Date => self.beside_date(literal)?,
            Class::Timestamp => (Class::Timestamp, self.beside_timestamp(literal)?),
            Class::Boolean => match literal {
                Literal::Boolean(truth) => (Class::Boolean, Some(Constant::Boolean(*truth))),
                _ => return open(self.unlike(literal)),
            },
        };
        let Some(constant) = constant else { return Ok(Equality::ToNull) };
        match constant.under(class) {
            Ok((class, value)) => Ok(Equality::To((self.key, class), value)),
            Err(takes) => open(format!("{literal} is compared where {takes} is taken")),
        }
    }

    fn beside_text(&self, literal: &Literal) -> Meaning<(Class, Option<Constant<'static>>)> {
        let constant = constant(literal);
        let class = match literal {
            Literal::Text(text) => {
                let padded = matches!(self.seen, Outlook::Text { padded: true, .. });
                let text = if padded { text.trim_end_matches(' ') } else { text };
                // A cut text compares with a shorter one as the whole does.
                if self.length.is_some_and(|length| text.chars().count() >= length) {
                    return open(format!("{literal} is as long as the text that it is compared with is cut to"));
                }
                // Not as a constant of a filter: that may be the null partition's, which is compared as text then.
                return Ok((Class::NonNull, Some(Constant::Text(Cow::Owned(text.to_owned())))));
            }
            _ if self.length.is_some() => return open(self.unlike(literal)),
            Literal::Number(_) => Class::Decimal,
            Literal::Date(_) => Class::Date,
            Literal::Timestamp(_) => Class::Timestamp,
            Literal::Boolean(_) | Literal::Null => return open(self.unlike(literal)),
        };
        Ok((class, Some(constant)))
    }

    fn beside_number(&self, op: Op, literal: &Literal) -> Meaning<Option<Constant<'static>>> {
        match literal {
            Literal::Number(_) => Ok(Some(constant(literal))),
            Literal::Text(text) if self.seen.is_text() => {
                let canonical = Number::whole(text).is_some_and(|number| number.to_string() == *text);
                match op {
                    Op::Eq | Op::Ne if canonical => Ok(Some(Constant::Number(Cow::Owned(text.clone())))),
                    // No whole number is spelt so.
                    Op::Eq | Op::Ne => Ok(Some(Constant::Number(Cow::Borrowed("0.5")))),
                    _ => open(format!("the order of numbers as text, as by {literal}, is not that of their values")),
                }
            }
            Literal::Text(text) => {
                let text = text.trim();
                Ok(Number::decimal(text).is_some().then(|| Constant::Number(Cow::Owned(text.to_owned()))))
            }
            _ => open(self.unlike(literal)),
        }
    }

    fn beside_date(&self, literal: &Literal) -> Meaning<(Class, Option<Constant<'static>>)> {
        let date = |text: &str| Constant::Date(Cow::Owned(text.to_owned()));
        match literal {
            Literal::Date(text) => Ok((Class::Date, Some(date(text)))),
            Literal::Text(text) if text.len() == 10 && date(text).under(Class::Date).is_ok() => {
                Ok((Class::Date, Some(date(text))))
            }
            Literal::Text(text) if !self.seen.is_text() && date(text).under(Class::Timestamp).is_err() => {
                Ok((Class::Date, None))
            }
            Literal::Timestamp(_) if self.stored == Outlook::Date && self.seen == Outlook::Date => {
                Ok((Class::Timestamp, Some(constant(literal))))
            }
            _ => open(self.unlike(literal)),
        }
    }

    fn beside_timestamp(&self, literal: &Literal) -> Meaning<Option<Constant<'static>>> {
        match literal {
            Literal::Timestamp(_) | Literal::Date(_) => Ok(Some(constant(literal))),
            Literal::Text(text) => {
                let constant = Constant::Timestamp(Cow::Owned(text.clone()));
                let is_one = constant.under(Class::Timestamp).is_ok();
                match (is_one, self.seen.is_text()) {
                    (true, false) => Ok(Some(constant)),
                    (true, true) if text.len() >= 19 => Ok(Some(constant)),
                    (false, false) => Ok(None),
                    _ => open(self.unlike(literal)),
                }
            }
            _ => open(self.unlike(literal)),
        }
    }

    fn unlike(&self, literal: &Literal) -> String {
        format!("{literal} is compared with partition key {} of another type", self.key + 1)
    }
}

fn constant(literal: &Literal) -> Constant<'static> {
    match literal.clone() {
        Literal::Null => Constant::Null,
        Literal::Boolean(truth) => Constant::Boolean(truth),
        Literal::Number(text) => Constant::Number(text.into()),
        Literal::Text(text) => Constant::Text(text.into()),
        Literal::Date(text) => Constant::Date(text.into()),
        Literal::Timestamp(text) => Constant::Timestamp(text.into()),
    }
}

/// A constant cast; None where it would be rounded, or is not known to cast so.
pub fn cast(literal: Literal, to: Outlook) -> Option<Literal> {
    let number = |text: &str| Number::decimal(text.trim());
    let timestamp = |text: &str| Constant::Timestamp(Cow::Owned(text.to_owned())).under(Class::Timestamp).ok();
    Some(match (to, literal) {
        (_, Literal::Null) => Literal::Null,
        (Outlook::Boolean, literal @ Literal::Boolean(_)) => literal,
        (Outlook::Integer(_), Literal::Number(text)) if number(&text)?.is_whole() => Literal::Number(text),
        (Outlook::Float, Literal::Number(text)) => Literal::Number(text),
        (Outlook::Decimal(..), Literal::Number(text)) if number(&text)?.scale() <= to.scale() => Literal::Number(text),
        (Outlook::Integer(_) | Outlook::Decimal(..) | Outlook::Float, Literal::Text(text)) => {
            let plain = Literal::Number(text.trim().to_owned());
            return if number(&text).is_some() { cast(plain, to) } else { Some(Literal::Null) };
        }
        (Outlook::Text { length, .. }, Literal::Text(text)) => {
            Literal::Text(text.chars().take(length.unwrap_or(usize::MAX)).collect())
        }
        (Outlook::Text { length: None, .. }, Literal::Date(text) | Literal::Timestamp(text)) => Literal::Text(text),
        (Outlook::Text { length: None, .. }, Literal::Number(text)) if number(&text)?.is_whole() => {
            Literal::Text(number(&text)?.to_string())
        }
        (Outlook::Date, literal @ Literal::Date(_)) => literal,
        (Outlook::Date, Literal::Text(text) | Literal::Timestamp(text)) => match timestamp(&text) {
            Some((_, Value::Text(read))) => Literal::Date(read[..10].to_owned()),
            _ => Literal::Null,
        },
        (Outlook::Timestamp, Literal::Date(text) | Literal::Text(text) | Literal::Timestamp(text)) => {
            match timestamp(&text) {
                Some((_, Value::Text(read))) => Literal::Timestamp(read.into_owned()),
                _ => Literal::Null,
            }
        }
        _ => return None,
    })
}

impl Outlook {
    fn scale(self) -> i32 {
        match self {
            Outlook::Decimal(_, scale) => scale as i32,
            _ => 0,
        }
    }
}

/// A comparison of constants. Those of two types are not compared but for numbers and their text.
pub fn fold(left: &Literal, op: Op, right: &Literal) -> Meaning<Option<bool>> {
    let ordering: Ordering = match (left, right) {
        (Literal::Null, _) | (_, Literal::Null) => return Ok(None),
        (Literal::Number(a), Literal::Number(b)) => match (Number::decimal(a), Number::decimal(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => return open(format!("{left} and {right} are too long to compare")),
        },
        (Literal::Boolean(a), Literal::Boolean(b)) => a.cmp(b),
        (Literal::Text(a), Literal::Text(b)) | (Literal::Date(a), Literal::Date(b)) => a.cmp(b),
        _ => return open(format!("{left} and {right} are constants of two types")),
    };
    Ok(Some(op.holds(&ordering, &Ordering::Equal)))
}
