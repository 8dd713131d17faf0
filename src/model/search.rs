//! What tables are searched by.

/// A search over the tables of a catalog: all of it has to be true of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSearch {
    /// What a text says; none finds all tables.
    pub terms: Vec<Term>,
    pub conditions: Vec<Condition>,
    /// Only tables of databases that stand for those of another system.
    pub federated: bool,
    pub order: Order,
}

/// Words that follow one another somewhere in a table's names, columns, comments, parameters or location, or in the name
/// of its database. Case and punctuation do not matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub text: String,
    pub way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The last word may be the beginning of one; words end at underscores too.
    Begins,
    /// Words are whole: an underscore is part of one.
    Whole,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The field has the words of one of these texts, one after another.
    Text { field: TextField, values: Vec<String> },
    /// The time lies in `from..until`, each in seconds since the epoch; an open end is None.
    Time { field: TimeField, from: Option<i64>, until: Option<i64> },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Text(TextField),
    Time(TimeField),
}

#[derive(Debug, Clone, PartialEq)]
pub enum TextField {
    Database,
    Name,
    Owner,
    /// The type of table; compared as a whole, without regard to case.
    Kind,
    Location,
    Description,
    /// The parameter of this key.
    Parameter(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    Created,
    Updated,
    LastAccess,
}

/// The order of what is found; tables that are equal by it are in order of database and name.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub field: Field,
    pub descending: bool,
}

/// Where a table stands in the order of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The value of the field that is ordered by, cut; a number for a time.
    pub key: String,
    pub database: String,
    pub table: String,
}

impl Default for Order {
    fn default() -> Self {
        Self { field: Field::Text(TextField::Database), descending: false }
    }
}

impl Term {
    /// The terms of a text: what stands between blanks, or whole within double quotes. None where the text has no word,
    /// so that nothing can be found by it.
    pub fn read(text: &str) -> Option<Vec<Term>> {
        let mut terms = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let (part, way, tail) = match quoted {
                Some((part, tail)) => (part, Way::Whole, tail),
                None => {
                    let start = rest.strip_prefix('"').unwrap_or(rest);
                    let end = start.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(start.len());
                    let (part, tail) = start.split_at(end);
                    (part, Way::Begins, tail)
                }
            };
            rest = tail.trim_start();
            if has_words(part) {
                terms.push(Term { text: part.to_owned(), way });
            }
        }
        (!terms.is_empty()).then_some(terms)
    }
}

/// Whether there is anything in a text to search for.
pub fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_read_as_words_and_quoted_phrases() {
        let read = |text| {
            let terms = Term::read(text)?;
            Some(terms.into_iter().map(|term| (term.text, term.way)).collect::<Vec<_>>())
        };
        let (begins, whole) = (|text: &str| (text.to_owned(), Way::Begins), |text: &str| (text.to_owned(), Way::Whole));
        assert_eq!(read("daily orders"), Some(vec![begins("daily"), begins("orders")]));
        assert_eq!(read("\"daily orders\""), Some(vec![whole("daily orders")]));
        assert_eq!(read(" a\"b c\"d "), Some(vec![begins("a"), whole("b c"), begins("d")]));
        assert_eq!(read("s3://lake/a -- x"), Some(vec![begins("s3://lake/a"), begins("x")]));
        assert_eq!(read("\"open"), Some(vec![begins("open")]));
        for nothing in ["", " ", "\"\"", "\"", "* _ -", "\" \"\""] {
            assert_eq!(read(nothing), None, "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_no_word_is_lost(text in "[a-c\" _\u{e9}-]{0,20}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let terms = Term::read(&text).unwrap_or_default();
            let found: String = terms.iter().map(|term| letters(&term.text)).collect();
            prop_assert_eq!(found, letters(&text));
        }
    }
}
