//! The table of methods with their state, pinned: a change of what is served is a change of a file that is reviewed.

use std::fmt::Write;

use propolis::hms::methods::states;

#[test]
fn the_table_of_methods() {
    let mut table = String::new();
    let (mut served, mut all) = (0, 0);
    for (method, is_served) in states() {
        let _ = writeln!(table, "{:<60} {}", method.name, if is_served { "served" } else { "not yet there" });
        served += usize::from(is_served);
        all += 1;
    }
    let _ = writeln!(table, "\n{served} of {all} methods are served");
    insta::assert_snapshot!(table);
}
