//! Schedules in Quartz's form: seconds, minutes, hours, day of month, month, day of week, and a year that may be left
//! out. Days of the week go from 1, a Sunday, to 7, and one of the two kinds of day is `?`. All in UTC.

use chrono::DateTime;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::error::{CatalogError, Result};

/// The longest schedule, in bytes. The longest ones of any use list some of the sixty minutes.
const MAX_BYTES: usize = 1000;

/// The first time after `after`, in seconds since the epoch; None where there is none any more. InvalidInput where the
/// schedule cannot be read.
pub fn next(schedule: &str, after: i64) -> Result<Option<i64>> {
    let cron = parse(schedule).map_err(|what| {
        CatalogError::invalid_input(format!(
            "{:?} is not a schedule: {what}. Seconds, minutes, hours, day of month, month and day of week are expected, \
             and a year if need be, such as 0 */10 * * * ? *",
            schedule.chars().take(100).collect::<String>()
        ))
    })?;
    let Some(after) = DateTime::from_timestamp(after, 0) else {
        return Ok(None);
    };
    // The only error is that it looked for long enough.
    Ok(cron.find_next_occurrence(&after, false).ok().map(|next| next.timestamp()))
}

fn parse(schedule: &str) -> Result<Cron, String> {
    if schedule.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    let mut fields: Vec<&str> = schedule.split_whitespace().collect();
    if !(6..=7).contains(&fields.len()) {
        return Err(format!("it has {} fields", fields.len()));
    }
    if (fields[3] == "?") == (fields[5] == "?") {
        return Err("exactly one of day of month and day of week is to be ?".to_owned());
    }
    // By itself the last day of a week.
    if fields[5] == "L" {
        fields[5] = "7";
    }
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Optional)
        .alternative_weekdays(true)
        .build()
        .parse(&fields.join(" "))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2023-11-14 22:13:20, a Tuesday.
    const NOW: i64 = 1_700_000_000;

    #[test]
    fn the_next_time_is_that_of_quartz() {
        for (schedule, expected) in [
            ("* * * * * ? *", "2023-11-14T22:13:21"),
            ("* * * 22 * ? *", "2023-11-22T00:00:00"),
            ("0 */10 * * * ?", "2023-11-14T22:20:00"),
            ("0/15 5/10 8-18/2 ? * MON,WED 2024-2026", "2024-01-01T08:05:00"),
            ("0 0 0 ? * 1", "2023-11-19T00:00:00"),
            ("0 0 0 ? * L", "2023-11-18T00:00:00"),
            ("0 0 0 ? * 6#3", "2023-11-17T00:00:00"),
            ("0 0 0 ? * 6L", "2023-11-24T00:00:00"),
            ("0 0 0 L * ?", "2023-11-30T00:00:00"),
            ("0 0 0 15W * ?", "2023-11-15T00:00:00"),
            ("0 0 0 29 2 ?", "2024-02-29T00:00:00"),
        ] {
            let next = next(schedule, NOW).unwrap().unwrap();
            let next = DateTime::from_timestamp(next, 0).unwrap().format("%Y-%m-%dT%H:%M:%S").to_string();
            assert_eq!(next, expected, "{schedule}");
        }
        for never in ["0 0 0 30 2 ?", "0 0 0 1 1 ? 2020"] {
            assert_eq!(next(never, NOW).unwrap(), None, "{never}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for (bad, what) in [
            ("asd asd", "2 fields"),
            ("", "0 fields"),
            ("@daily", "1 fields"),
            ("* * * * *", "5 fields"),
            ("* * * * * *", "exactly one"),
            ("* * * ? * ?", "exactly one"),
            ("60 * * * * ?", "out of bounds"),
            ("* * * x * ?", "illegal character"),
        ] {
            let error = next(bad, NOW).unwrap_err().to_string();
            assert!(error.contains(what), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[0-9*/?LW#, A-Z-]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn the_next_time_is_later(minute in 0..60u32, hour in 0..24u32, after in 0..4_000_000_000i64) {
            let next = next(&format!("0 {minute} {hour} * * ?"), after).unwrap().unwrap();
            prop_assert!(after < next && next <= after + 24 * 3600);
            prop_assert_eq!(next % 86400, i64::from(hour * 3600 + minute * 60));
        }
    }
}
