//! Partition expressions as Hive serializes them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use propolis::filter::{PartitionKey, Predicate};
use propolis::hms::expr::{self, Sent};

use crate::harness::{Target, corpus};
use crate::texts::KEYS;

#[test]
fn serialized() {
    let recorded = include_str!("../hms/kryo/expressions.tsv").lines();
    let mut seeds: Vec<_> =
        recorded.map(|line| BASE64_STANDARD.decode(line.rsplit('\t').next().unwrap()).unwrap()).collect();
    seeds.extend(corpus("kryo"));
    // Texts that are referred to more than once come to 8 MiB, and some of that is there twice.
    let target = Target { name: "kryo", longest: 1 << 20, memory: (24 << 20, 500) };
    let partition: Vec<_> =
        KEYS.iter().map(|(_, type_name)| if *type_name == "date" { "2026-01-31" } else { "7" }).collect();
    target.run(seeds, |input| {
        let formula = match expr::read(input) {
            Ok(Sent::Formula(formula)) => formula,
            Ok(Sent::Filter(_)) => return "a filter".to_owned(),
            Err(why) => return bounded(why.to_string()),
        };
        match Predicate::of(&formula, &KEYS.map(|(name, type_name)| PartitionKey { name, type_name })) {
            Ok(predicate) => {
                let decided = predicate.decides(&partition);
                assert_eq!(predicate.matches(&partition), decided == Some(true));
                assert!(predicate.may_match(&partition) || decided != Some(true));
                predicate.to_sql("v", 1);
                predicate.open_to_sql("v", 1);
                predicate.possible_to_sql("v", 1);
                format!("{decided:?} {}", predicate.unevaluated().unwrap_or_default())
            }
            Err(error) => bounded(error.to_string()),
        }
    });
}

/// What a caller is told is not as long as what they sent.
fn bounded(message: String) -> String {
    assert!(message.len() < 2000, "{message}");
    message
}
