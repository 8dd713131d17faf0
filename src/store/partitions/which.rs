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
    /// Those with these values: each list comes once. Sorted they are found faster.
    Values(&'a [Vec<String>]),
    /// Those whose values begin with these; the empty string stands for any value.
    Prefix(&'a [String]),
    Matching(&'a Predicate),
    /// Those that it leaves open.
    Open(&'a Predicate),
    /// Those that it lets through or leaves open.
    Possible(&'a Predicate),
}

/// Which part of a list in order of the values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part<'a> {
    /// What comes after these values.
    pub after: Option<&'a [String]>,
    pub segment: Option<Segment>,
    pub limit: Option<i64>,
}

/// One of disjoint parts of a table which together are all of it, and which each partition is always in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// From 0.
    pub number: i32,
    pub total: i32,
}

/// A condition on `p`, the partitions of the table `$1`, and what to bind to `$2` and on.
pub(super) struct Condition<'a> {
    /// Without a list of values.
    sql: String,
    list: Option<List>,
    /// What more there is to say of `p`; each begins with AND.
    narrowing: String,
    texts: Vec<Texts<'a>>,
    /// Whether the statement is prepared once for all values. Others are planned for their own, and for the table as
    /// it is now, and do not fill the cache of prepared statements.
    prepare: bool,
}

/// What is bound as one `text[]`.
pub(super) type Texts<'a> = Vec<Option<Cow<'a, str>>>;

/// Values of partitions as a table `u` in a statement.
struct List {
    table: String,
    /// That `p` has one of these values.
    condition: String,
}

impl<'a> Condition<'a> {
    pub fn new(which: &Which<'a>) -> Self {
        let sql = "p.table_id = $1".to_owned();
        let mut condition = Self { sql, list: None, narrowing: String::new(), texts: Vec::new(), prepare: true };
        match which {
            Which::All => {}
            Which::Values([]) => condition.sql.push_str(" and false"),
            Which::Values([one]) => {
                condition.texts.push(borrow(one));
                condition.sql.push_str(" and p.values = $2");
            }
            Which::Values(many) => {
                let columns = Columns::new(many.iter().map(Vec::len));
                condition.list = Some(List {
                    table: format!("unnest({}) as u({})", columns.placeholders(2), columns.names()),
                    condition: format!("p.table_id = $1 and p.values = {}", columns.array()),
                });
                condition.texts = columns.split(many.iter().map(|values| values.iter().map(String::as_str)));
            }
            Which::Prefix(prefix) => condition.prefix(prefix),
            Which::Matching(predicate) | Which::Open(predicate) | Which::Possible(predicate) => {
                let predicate = match which {
                    Which::Open(_) => predicate.open_to_sql("p.values", 2),
                    Which::Possible(_) => predicate.possible_to_sql("p.values", 2),
                    _ => predicate.to_sql("p.values", 2),
                };
                let _ = write!(condition.sql, " and {}", predicate.sql);
                condition.texts.push(predicate.constants.into_iter().map(|text| Some(Cow::Owned(text))).collect());
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
            end.push(Some(Cow::Owned(format!("{last}\u{1}"))));
            self.texts.push(end);
            self.sql.push_str(" and p.values >= $2 and p.values < $3");
        }
        let given: Vec<_> = rest.iter().enumerate().filter(|(_, value)| !value.is_empty()).collect();
        if !given.is_empty() {
            self.texts.push(given.iter().map(|(_, value)| Some(Cow::Borrowed(value.as_str()))).collect());
            let texts = self.texts.len() + 1;
            for (nth, (index, _)) in given.iter().enumerate() {
                let (key, nth) = (leading.len() + index + 1, nth + 1);
                let _ = write!(self.sql, " and p.values[{key}] = (${texts}::text[])[{nth}]");
            }
        }
    }

    /// The same of a part of the list; its limit is for [`Condition::source_in_order`].
    pub fn within(mut self, part: &Part<'a>) -> Self {
        if let Some(after) = part.after {
            let _ = write!(self.narrowing, " and p.values > ${}", self.next_placeholder());
            self.texts.push(borrow(after));
        }
        if let Some(Segment { number, total }) = part.segment {
            // Without the sign, for the remainder of a negative number is negative.
            let _ = write!(self.narrowing, " and (hash_array(p.values) & 2147483647) % {total} = {number}");
        }
        self
    }

    /// `from ... where ...`, with the partitions as `p`. A list is looked up value by value in the index, whatever the
    /// database thinks of the size of the table, of which it may know nothing yet.
    pub fn source(&self) -> String {
        let narrowing = &self.narrowing;
        match &self.list {
            None => format!("from partitions p where {}{narrowing}", self.sql),
            Some(List { table, condition }) => format!(
                "from {table} cross join lateral (select * from partitions p where {condition} offset 0) as p \
                 where true{narrowing}"
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

fn borrow(texts: &[String]) -> Texts<'_> {
    texts.iter().map(|text| Some(Cow::Borrowed(text.as_str()))).collect()
}

/// Lists of values as columns of a statement, one for each place: arrays of arrays cannot be sent, and array literals
/// would have to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub width: usize,
    /// Whether some lists are shorter, as those of a table without partition keys may be. They have nulls at their end.
    ragged: bool,
}

impl Columns {
    /// For lists of these lengths, of which none is 0.
    pub fn new(lengths: impl Iterator<Item = usize>) -> Self {
        let (least, most) = lengths.fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
        Self { width: most.max(1), ragged: least < most }
    }

    /// `v1, v2`
    pub fn names(self) -> String {
        self.each(|place| format!("v{}", place + 1))
    }

    /// `array[u.v1, u.v2]`: the values put together.
    pub fn array(self) -> String {
        let array = format!("array[{}]", self.each(|place| format!("u.v{}", place + 1)));
        if self.ragged {
            format!("array_remove({array}, null) collate \"C\"")
        } else {
            format!("{array} collate \"C\"")
        }
    }

    /// `$2::text[], $3::text[]`
    pub fn placeholders(self, first: usize) -> String {
        self.each(|place| format!("${}::text[]", first + place))
    }

    fn each(self, item: impl Fn(usize) -> String) -> String {
        (0..self.width).map(item).collect::<Vec<_>>().join(", ")
    }

    /// What to bind for lists of values.
    pub fn split<'a, V: Iterator<Item = &'a str>>(self, lists: impl ExactSizeIterator<Item = V>) -> Vec<Texts<'a>> {
        let mut columns: Vec<_> = (0..self.width).map(|_| Texts::with_capacity(lists.len())).collect();
        for mut values in lists {
            for column in &mut columns {
                column.push(values.next().map(Cow::Borrowed));
            }
        }
        columns
    }
}
