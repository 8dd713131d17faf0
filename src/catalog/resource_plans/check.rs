//! Whether a plan makes sense.

use std::collections::BTreeMap;

use crate::error::{CatalogError, Result};
use crate::model::resource_plan::{Definition, parent_path};

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub struct Findings {
    /// With any of these the plan cannot be enabled.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

/// How far sums of fractions may be off.
const TOLERANCE: f64 = 0.00001;

pub fn findings(plan: &Definition) -> Findings {
    let mut found = Findings::default();
    check_pools(plan, &mut found.errors);
    check_parallelism(plan, &mut found);
    found
}

fn check_pools(plan: &Definition, errors: &mut Vec<String>) {
    let mut fractions: BTreeMap<Option<&str>, f64> = BTreeMap::new();
    for pool in &plan.pools {
        *fractions.entry(parent_path(&pool.path)).or_default() += pool.alloc_fraction;
        if pool.query_parallelism < 1 {
            errors.push(format!("Invalid query parallelism for pool: {}", pool.path));
        }
    }
    if !fractions.contains_key(&None) {
        errors.push("Root has no children".to_owned());
    }
    for (parent, sum) in fractions {
        match parent {
            None if (sum - 1.0).abs() > TOLERANCE => {
                errors.push(format!("Sum of root children pools' alloc fraction should be 1.0 got: {sum} for pool: "));
            }
            Some(path) if sum - 1.0 > TOLERANCE => errors.push(format!(
                "Sum of children pools' alloc fraction should be less than 1 got: {sum} for pool: {path}"
            )),
            _ => {}
        }
    }
}

fn check_parallelism(plan: &Definition, found: &mut Findings) {
    let Some(own) = plan.query_parallelism.map(i64::from) else {
        return;
    };
    let sum: i64 = plan.pools.iter().map(|pool| i64::from(pool.query_parallelism.max(0))).sum();
    let told = |how| format!("Sum of all pools' query parallelism: {sum} {how} resource plan query parallelism: {own}");
    if own < sum {
        found.errors.push(told("exceeds"));
    } else if own > sum {
        found.warnings.push(told("is less than"));
    }
}

/// `default`, `fair` or `fifo` in any case.
pub fn check_policy(policy: Option<&str>) -> Result<()> {
    let known = |policy: &str| ["DEFAULT", "FAIR", "FIFO"].iter().any(|one| policy.trim().eq_ignore_ascii_case(one));
    match policy {
        Some(policy) if !known(policy) => {
            Err(CatalogError::invalid_object(format!("{policy:?} is not a scheduling policy: default, fair or fifo")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::resource_plan::Pool;

    fn plan(query_parallelism: Option<i32>, pools: &[(&str, f64, i32)]) -> Definition {
        let pools = pools
            .iter()
            .map(|(path, alloc_fraction, query_parallelism)| Pool {
                path: (*path).to_owned(),
                alloc_fraction: *alloc_fraction,
                query_parallelism: *query_parallelism,
                scheduling_policy: None,
            })
            .collect();
        Definition { query_parallelism, pools, ..Definition::default() }
    }

    #[test]
    fn what_does_not_add_up_is_told() {
        for (plan, errors, warnings) in [
            (plan(None, &[("a", 0.7, 1), ("b", 0.3, 2), ("b.c", 0.5, 1)]), &[][..], &[][..]),
            (plan(Some(3), &[("a", 1.0, 3)]), &[], &[]),
            (plan(None, &[]), &["Root has no children"], &[]),
            (plan(None, &[("a", 0.7, 1)]), &["should be 1.0"], &[]),
            (plan(None, &[("a", 1.0, 1), ("a.b", 0.7, 1), ("a.c", 0.7, 1)]), &["less than 1"], &[]),
            (plan(None, &[("a", 1.0, 0)]), &["Invalid query parallelism for pool: a"], &[]),
            (plan(Some(2), &[("a", 1.0, 3)]), &["exceeds"], &[]),
            (plan(Some(4), &[("a", 1.0, 3)]), &[], &["is less than"]),
        ] {
            let found = findings(&plan);
            for (told, expected) in [(&found.errors, errors), (&found.warnings, warnings)] {
                assert_eq!(told.len(), expected.len(), "{found:?}");
                assert!(told.iter().zip(expected).all(|(told, part)| told.contains(part)), "{found:?}");
            }
        }
    }
}
