//! The table of Glue's operations with their state, pinned: a change of what is served is a change of a file that is
//! reviewed.

use std::fmt::Write;

use propolis::glue::ops::{State, states};

#[test]
fn the_table_of_operations() {
    let mut table = String::new();
    let (mut served, mut all) = (0, 0);
    for (operation, state) in states() {
        let state = match state {
            State::Served => "served".to_owned(),
            State::Refused(Some(reason)) => format!("refused: {reason}"),
            State::Refused(None) => "refused".to_owned(),
        };
        served += usize::from(state == "served");
        all += 1;
        let _ = writeln!(table, "{operation:<50} {state}");
    }
    let _ = writeln!(table, "\n{served} of {all} operations are served");
    insta::assert_snapshot!(table);
}

#[test]
fn what_is_not_served_is_refused_for_a_reason_of_its_own() {
    let without: Vec<_> = states().filter(|(_, state)| *state == State::Refused(None)).collect();
    assert!(without.is_empty(), "{without:?}");
}
