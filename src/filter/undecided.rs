//! What a predicate leaves open, as SQL.
//!
//! A stored value that is none of its key's type decides no comparison. Filters pass such partitions over; clients who
//! can look at each partition themselves get them too, and are told so.
//!
//! The null partition is never left open: as in Hive, what cannot be said of nulls is taken as not said.

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

    /// The condition on `values`, as in [`to_sql`](Self::to_sql), of partitions that the predicate leaves open.
    pub fn open_to_sql(&self, values: &str, placeholder: usize) -> SqlPredicate {
        self.three_valued(values, placeholder, |tree, no_null| format!("({tree}) is null and {no_null}"))
    }

    /// The same of those that it lets through or leaves open.
    pub fn possible_to_sql(&self, values: &str, placeholder: usize) -> SqlPredicate {
        self.three_valued(values, placeholder, |tree, no_null| format!("coalesce(({tree}), {no_null})"))
    }

    fn three_valued(&self, values: &str, placeholder: usize, join: impl FnOnce(&str, &str) -> String) -> SqlPredicate {
        let mut writer = Writer::new(placeholder);
        let mut sql = String::new();
        let loose = self.tree.map(&|test| if leaves_open(test) { Test::Constant(None) } else { test.clone() });
        let ranges = array_ranges(&loose, self.keys.len());
        if !ranges.is_everything() {
            sql.push_str(&writer.array_ranges(values, &ranges));
            sql.push_str(" and ");
        }
        let mut tree = String::new();
        self.tree.write(&mut tree, &mut |test, out| {
            let text = match test {
                Test::Rows { columns, rows, negated: false } => writer.rows(values, columns, rows, "in"),
                test => writer.exact(values, test),
            };
            out.push_str(&format!("({text})"));
        });
        let tree = if self.tree == Tree::All(Vec::new()) { "true" } else { &tree };
        sql.push_str(&join(tree, &format!("not '{DEFAULT_PARTITION}' = any({values})")));
        writer.finish(sql)
    }
}

fn leaves_open(test: &Test) -> bool {
    let typed = |class: &Class| !matches!(class, Class::Text | Class::NonNull);
    match test {
        Test::Compare { column: (_, class), .. }
        | Test::OneOf { column: (_, class), .. }
        | Test::Like { column: (_, class), .. } => typed(class),
        Test::Rows { columns, .. } => columns.iter().any(|(_, class)| typed(class)),
        Test::Constant(truth) => truth.is_none(),
    }
}
