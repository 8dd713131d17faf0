//! Which partitions of a table a statement is about, as SQL.

use std::borrow::Cow;
use std::fmt::Write;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use crate::filter::Predicate;

/// Which partitions of a table.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    All,
    /// Those with these values: each list has a value for every key, and comes once. Sorted they are found faster.
    Values(&'a [Vec<String>]),
    /// Those whose values begin with these; the empty string stands for any value.
    Prefix(&'a [String]),
    Matching(&'a Predicate),
}

/// A condition on `p`, the partitions of the table `$1`, and what to bind to `$2` and on.
pub(super) struct Condition<'a> {
    /// Without a list of values.
    sql: String,
    list: Option<List>,
    texts: Vec<Vec<Cow<'a, str>>>,
    /// Whether the statement is prepared once for all values. Others are planned for their own, and for the table as
    /// it is now, and do not fill the cache of prepared statements.
    prepare: bool,
}

/// Values of partitions as a table `u` in a statement.
struct List {
    table: String,
    /// That `p` has one of these values.
    condition: String,
}

impl<'a> Condition<'a> {
    /// `keys`: how many partition keys the table has.
    pub fn new(which: &Which<'a>, keys: usize) -> Self {
        let sql = "p.table_id = $1".to_owned();
        let mut condition = Self { sql, list: None, texts: Vec::new(), prepare: true };
        match which {
            Which::All => {}
            Which::Values([]) => condition.sql.push_str(" and false"),
            Which::Values([one]) => {
                condition.texts.push(borrow(one));
                condition.sql.push_str(" and p.values = $2");
            }
            Which::Values(many) => {
                condition.list = Some(List {
                    table: format!("unnest({}) as u({})", placeholders(2, keys), names(keys)),
                    condition: format!("p.table_id = $1 and p.values = {}", array_of_columns(keys)),
                });
                condition.texts = columns_of(many, keys);
            }
            Which::Prefix(prefix) => condition.prefix(prefix),
            Which::Matching(predicate) => {
                let predicate = predicate.to_sql("p.values", 2);
                let _ = write!(condition.sql, " and {}", predicate.sql);
                condition.texts.push(predicate.constants.into_iter().map(Cow::Owned).collect());
                condition.prepare = false;
            }
        }
        condition
    }

    /// The values before the first gap are a range of the primary key: under collation "C" nothing lies between a text
    /// and the same text followed by U+0001 but the text itself. What comes after the gap is compared one by one.
    fn prefix(&mut self, prefix: &'a [String]) {
        let leading = prefix.iter().position(String::is_empty).unwrap_or(prefix.len());
        let (leading, rest) = prefix.split_at(leading);
        if let Some((last, before)) = leading.split_last() {
            self.texts.push(borrow(leading));
            let mut end = borrow(before);
            end.push(Cow::Owned(format!("{last}\u{1}")));
            self.texts.push(end);
            self.sql.push_str(" and p.values >= $2 and p.values < $3");
        }
        let given: Vec<_> = rest.iter().enumerate().filter(|(_, value)| !value.is_empty()).collect();
        if !given.is_empty() {
            self.texts.push(given.iter().map(|(_, value)| Cow::Borrowed(value.as_str())).collect());
            let texts = self.texts.len() + 1;
            for (nth, (index, _)) in given.iter().enumerate() {
                let (key, nth) = (leading.len() + index + 1, nth + 1);
                let _ = write!(self.sql, " and p.values[{key}] = (${texts}::text[])[{nth}]");
            }
        }
    }

    /// `from ... where ...`, with the partitions as `p`. A list is looked up value by value in the index, whatever the
    /// database thinks of the size of the table, of which it may know nothing yet.
    pub fn source(&self) -> String {
        match &self.list {
            None => format!("from partitions p where {}", self.sql),
            Some(List { table, condition }) => format!(
                "from {table} cross join lateral (select * from partitions p where {condition} offset 0) as p where true"
            ),
        }
    }

    /// `delete from partitions p ...`
    pub fn delete(&self) -> String {
        match &self.list {
            None => format!("delete from partitions p where {}", self.sql),
            Some(List { table, condition }) => format!("delete from partitions p using {table} where {condition}"),
        }
    }

    /// [`Condition::source`] in order of the values; a limit, or null, is to be bound last.
    pub fn source_in_order(&self) -> String {
        format!("{} order by p.values limit ${}", self.source(), self.next_placeholder())
    }

    /// The placeholder after the condition's own.
    pub fn next_placeholder(&self) -> usize {
        self.texts.len() + 2
    }

    /// Plans the statement for its values and for the table as it is now.
    pub fn unprepared(self) -> Self {
        Self { prepare: false, ..self }
    }

    /// A statement with this condition in it, all that it needs bound.
    pub fn query(self, sql: String, table_id: i64) -> Query<'static, sqlx::Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(self.prepare).bind(table_id);
        for texts in self.texts {
            query = query.bind(texts);
        }
        query
    }
}

fn borrow(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()
}

/// `v1, v2`: one column for each key.
pub(super) fn names(keys: usize) -> String {
    list(1..=keys, |key| format!("v{key}"))
}

/// `array[u.v1, u.v2]`: lists of values are sent key by key and put together by the database, for arrays of arrays
/// of different lengths cannot be sent and array literals would have to be read.
pub(super) fn array_of_columns(keys: usize) -> String {
    format!("array[{}] collate \"C\"", list(1..=keys, |key| format!("u.v{key}")))
}

/// `$2::text[], $3::text[]`
pub(super) fn placeholders(first: usize, keys: usize) -> String {
    list(first..first + keys, |index| format!("${index}::text[]"))
}

fn list(range: impl Iterator<Item = usize>, item: impl Fn(usize) -> String) -> String {
    range.map(item).collect::<Vec<_>>().join(", ")
}

fn columns_of(rows: &[Vec<String>], keys: usize) -> Vec<Vec<Cow<'_, str>>> {
    let column = |key| rows.iter().map(|values| Cow::Borrowed(values.get(key).map_or("", String::as_str))).collect();
    (0..keys).map(column).collect()
}
