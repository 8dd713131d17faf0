//! Filters over tables, as in `get_table_names_by_filter`.

use std::borrow::Cow;

use super::lexer::{Dialect, Op};
use super::number::Number;
use super::parser::{self, Scope};
use super::pattern::{LikeDialect, Pattern};
use super::sql::{SqlPredicate, Writer};
use super::tree::Tree;
use super::value::Constant;
use super::{FilterError, MAX_CONDITIONS, excerpt};

const OWNER: &str = "hive_filter_field_owner__";
const LAST_ACCESS: &str = "hive_filter_field_last_access__";
const NAME: &str = "hive_filter_field_tableName__";
const TYPE: &str = "hive_filter_field_tableType__";
const PARAMETER: &str = "hive_filter_field_params__";
/// How Hive's own task that discovers partitions writes the one key with a dot that it asks for, which the grammar has
/// no place for; it means the value in any case.
const DISCOVERY: (&str, &str) = ("discover__partitions", "discover.partitions");

/// A condition on a table's owner, name, type, time of last access or parameters, under the keys that the Hive
/// Metastore's IDL defines as constants; a parameter's own key follows its constant. Text compares by bytes, LIKE takes
/// a regular expression. A table without the field meets no test of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TableFilter(Tree<Test>);

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Owner,
    Name,
    Type,
    /// Seconds since the epoch.
    LastAccess,
    Parameter(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Compare { field: Field, op: Op, value: String },
    OneOf { field: Field, values: Vec<String>, negated: bool },
    Like { field: Field, pattern: Pattern, negated: bool },
}

impl TableFilter {
    /// Reads a filter. A blank one holds for all tables.
    pub fn parse(text: &str) -> Result<TableFilter, FilterError> {
        let tree = parser::parse(text, Dialect::Hive, &Fields)?;
        let conditions = tree.size(&|_| 1);
        if conditions > MAX_CONDITIONS {
            return Err(FilterError::new(format!(
                "The filter has {conditions} conditions, and at most {MAX_CONDITIONS} are taken"
            )));
        }
        Ok(TableFilter(tree))
    }

    /// The condition on a row of tables under this alias, with columns `name`, `kind` and `owner_name` of type
    /// text, `last_access_time` of an integer type, and `parameters` of type jsonb.
    pub fn to_sql(&self, alias: &str, placeholder: usize) -> SqlPredicate {
        let mut writer = Writer::new(placeholder);
        let mut sql = String::new();
        self.0.write(&mut sql, &mut |test, out| out.push_str(&write(&mut writer, alias, test)));
        if matches!(self.0, Tree::Any(_)) {
            sql = format!("({sql})");
        }
        writer.finish(sql)
    }
}

fn write(writer: &mut Writer, alias: &str, test: &Test) -> String {
    let mut column = |field: &Field| match field {
        Field::Owner => (format!("{alias}.owner_name collate \"C\""), ""),
        Field::Name => (format!("{alias}.name collate \"C\""), ""),
        Field::Type => (format!("{alias}.kind collate \"C\""), ""),
        Field::LastAccess => (format!("{alias}.last_access_time::numeric"), "::numeric"),
        Field::Parameter(key) => (format!("({alias}.parameters ->> {}) collate \"C\"", writer.constant(key)), ""),
    };
    match test {
        Test::Compare { field, op, value } => {
            let (column, cast) = column(field);
            format!("{column} {} {}{cast}", op.as_str(), writer.constant(value))
        }
        Test::OneOf { field, values, negated } => {
            let (column, cast) = column(field);
            let cast = if cast.is_empty() { "" } else { "::numeric[]" };
            format!("{column} {}({}{cast})", if *negated { "<> all" } else { "= any" }, writer.list(values))
        }
        Test::Like { field, pattern, negated } => {
            let (column, _) = column(field);
            format!("{}({})", if *negated { "not " } else { "" }, writer.like(&column, pattern))
        }
    }
}

/// The fields of a table, for the parser.
struct Fields;

impl Scope for Fields {
    type Key = Field;
    type Value = String;
    type Test = Test;

    fn key(&self, name: &str) -> Result<Field, String> {
        let is = |constant: &str| name.eq_ignore_ascii_case(constant);
        let prefix = name.get(..PARAMETER.len()).filter(|prefix| prefix.eq_ignore_ascii_case(PARAMETER));
        match prefix {
            _ if is(OWNER) => Ok(Field::Owner),
            _ if is(NAME) => Ok(Field::Name),
            _ if is(TYPE) => Ok(Field::Type),
            _ if is(LAST_ACCESS) => Ok(Field::LastAccess),
            Some(prefix) if name[prefix.len()..] == *DISCOVERY.0 => Ok(Field::Parameter(DISCOVERY.1.to_owned())),
            Some(prefix) if name.len() > prefix.len() => Ok(Field::Parameter(name[prefix.len()..].to_owned())),
            _ => Err(format!(
                "Invalid key name in filter: {} is not one of {OWNER}, {LAST_ACCESS}, {NAME}, {TYPE} or {PARAMETER} followed \
                 by the key of a table parameter",
                excerpt(name)
            )),
        }
    }

    fn value(&self, field: &Field, constant: Constant<'_>) -> Result<String, String> {
        match (field, &constant) {
            (_, Constant::Null) => Err("IS NULL is not supported in table filters".to_owned()),
            (Field::LastAccess, constant) => match Number::decimal(constant.text()) {
                Some(number) => Ok(number.to_string()),
                None => Err(format!(
                    "{LAST_ACCESS} compares with a number of seconds, not with '{}'",
                    excerpt(constant.text())
                )),
            },
            (_, constant) => Ok(constant.text().to_owned()),
        }
    }

    fn compare(&self, field: Field, op: Op, value: String) -> Result<Tree<Test>, String> {
        Ok(Tree::Test(Test::Compare { field, op, value }))
    }

    fn one_of(&self, field: Field, values: Vec<String>) -> Result<Tree<Test>, String> {
        Ok(Tree::Test(Test::OneOf { field, values, negated: false }))
    }

    fn like(&self, field: Field, pattern: &str) -> Result<Tree<Test>, String> {
        if field == Field::LastAccess {
            return Err(format!("LIKE is not supported for {LAST_ACCESS}"));
        }
        let any_case = matches!(&field, Field::Parameter(key) if key == DISCOVERY.1);
        let pattern = if any_case { Cow::Owned(format!("(?i){pattern}")) } else { Cow::Borrowed(pattern) };
        let pattern = Pattern::like(&pattern, LikeDialect::Regex);
        Ok(Tree::Test(Test::Like { field, pattern, negated: false }))
    }

    fn rows(&self, _: Vec<Field>, _: Vec<Vec<String>>) -> Result<Tree<Test>, String> {
        Err("STRUCT is not supported in table filters".to_owned())
    }

    fn opposite(&self, test: Test) -> Test {
        match test {
            Test::Compare { field, op, value } => Test::Compare { field, op: op.opposite(), value },
            Test::OneOf { field, values, negated } => Test::OneOf { field, values, negated: !negated },
            Test::Like { field, pattern, negated } => Test::Like { field, pattern, negated: !negated },
        }
    }
}
