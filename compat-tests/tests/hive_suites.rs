//! Apache Hive's own tests of its metastore client. `cargo test -p propolis-compat-tests --test hive_suites -- 4.0.1` runs
//! those of a release, `-- hive_4.0.1_default` those of a profile.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::hive_suite::Suite;
use propolis_compat_tests::metastore::{other, other_glue};

const HIVE_4: Suite = Suite { release: "4.0.1", one_warehouse: false };
const HIVE_3: Suite = Suite { release: "3.1.3", one_warehouse: true };

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each takes a JVM and a server of its own.
    arguments.test_threads.get_or_insert(2);
    let full = env::var("PROPOLIS_MATRIX").is_ok_and(|matrix| matrix == "full");
    let suites = if full { vec![HIVE_4, HIVE_3] } else { vec![HIVE_4] };
    let mut trials = Vec::new();
    for suite in suites {
        let profiles = match suite.profiles() {
            Ok(profiles) => profiles,
            Err(error) => {
                eprintln!("{error:#}");
                return ExitCode::FAILURE;
            }
        };
        for profile in profiles {
            let trial = Trial::test(format!("hive_{}_{profile}", suite.release), move || {
                Ok(suite.run(&profile).map_err(|error| format!("{error:#}"))?)
            });
            // Another metastore has settings of its own.
            trials.push(trial.with_ignored_flag(other().is_some() || other_glue().is_some()));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
