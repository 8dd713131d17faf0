//! What a predicate leaves open, as SQL.
//!
//! A stored value that is none of its key's type decides no comparison, and some conditions of formulas cannot be
//! evaluated at all. Filters pass such partitions over; clients who can look at each partition themselves get them too,
//! and are told so.
//!
//! A null leaves nothing open: as in Hive, what compares with a null partition does not hold.

use super::predicate::{Predicate, Test};
use super::sql::{SqlPredicate, Writer, array_ranges};
use super::tree::Tree;
use super::value::Class;
use crate::model::partition_name::DEFAULT_PARTITION;

impl Predicate {
    /// Whether some partition can be left open: not where all is text.
    pub fn can_leave_open(&self) -> bool {
        self.tree.size(&|test| usize::from(leaves_open(test))) > 0
    }

    /// The condition on `values`, as in [`to_sql`](Self::to_sql), of partitions that [may match](Self::may_match).
    pub fn possible_to_sql(&self, values: &str, placeholder: usize) -> SqlPredicate {
        let mut writer = Writer::new(placeholder);
        let sql = self.possible(&mut writer, values);
        writer.finish(sql)
    }

    /// The same of those that may match, and are not known to.
    pub fn open_to_sql(&self, values: &str, placeholder: usize) -> SqlPredicate {
        let mut writer = Writer::new(placeholder);
        let possible = self.possible(&mut writer, values);
        let holds = three_valued(&self.tree, &mut writer, values);
        writer.finish(format!("{possible} and ({holds}) is not true"))
    }

    fn possible(&self, writer: &mut Writer, values: &str) -> String {
        let mut sql = String::new();
        let loose = self.tree.map(&|test| if leaves_open(test) { Test::Constant(None) } else { test.clone() });
        let ranges = array_ranges(&loose, self.keys.len());
        if !ranges.is_everything() {
            sql.push_str(&writer.array_ranges(values, &ranges));
            sql.push_str(" and ");
        }
        let most = self.tree.map(&|test| if *test == Test::Open { Test::Constant(Some(true)) } else { test.clone() });
        let most = three_valued(&most, writer, values);
        sql + &format!("coalesce(({most}), not '{DEFAULT_PARTITION}' = any({values}))")
    }
}

/// The condition, null where it is left open. What helps to find partitions quickly is not, and is left out.
fn three_valued(tree: &Tree<Test>, writer: &mut Writer, values: &str) -> String {
    let mut sql = String::new();
    tree.write(&mut sql, &mut |test, out| {
        let text = match test {
            Test::Rows { columns, rows, negated: false } => writer.rows(values, columns, rows, "in"),
            test => writer.exact(values, test),
        };
        out.push_str(&format!("({text})"));
    });
    // The condition that always holds prints as nothing.
    if sql.is_empty() { "true".to_owned() } else { sql }
}

fn leaves_open(test: &Test) -> bool {
    let typed = |class: &Class| !matches!(class, Class::Text | Class::NonNull);
    match test {
        Test::Compare { column: (_, class), .. }
        | Test::OneOf { column: (_, class), .. }
        | Test::Like { column: (_, class), .. } => typed(class),
        Test::Rows { columns, .. } => columns.iter().any(|(_, class)| typed(class)),
        Test::Constant(truth) => truth.is_none(),
        Test::Open => true,
    }
}
