//! Schedules as the service writes them: `cron(minutes hours day-of-month month day-of-week year)`, in UTC.

use super::error::{Exception, Result};

struct Field {
    name: &'static str,
    least: u16,
    most: u16,
    /// Names of its values, from `least` on.
    names: &'static [&'static str],
    /// What it may have besides numbers, lists, ranges and steps.
    marks: &'static str,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 6] = [
    Field { name: "minutes", least: 0, most: 59, names: &[], marks: "" },
    Field { name: "hours", least: 0, most: 23, names: &[], marks: "" },
    Field { name: "day-of-month", least: 1, most: 31, names: &[], marks: "?LW" },
    Field { name: "month", least: 1, most: 12, names: MONTHS, marks: "" },
    Field { name: "day-of-week", least: 1, most: 7, names: DAYS, marks: "?L#" },
    Field { name: "year", least: 1970, most: 2199, names: &[], marks: "" },
];

/// InvalidInputException where the service would not keep such a schedule.
pub fn check(expression: &str) -> Result<()> {
    parts(expression).map_err(|what| {
        Exception::invalid_input(format!(
            "Schedule {expression} is not valid: {what}. cron(minutes hours day-of-month month day-of-week year) is \
             expected, such as cron(15 12 * * ? *)"
        ))
        .into()
    })
}

fn parts(expression: &str) -> Result<(), String> {
    let inner = expression.strip_prefix("cron(").and_then(|rest| rest.strip_suffix(')'));
    let fields: Vec<&str> = inner.ok_or("it is not of the form cron(…)")?.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("it has {} fields, not {}", fields.len(), FIELDS.len()));
    }
    for (field, text) in FIELDS.iter().zip(&fields) {
        if !text.split(',').all(|part| field.allows(part)) {
            let Field { name, least, most, .. } = field;
            return Err(format!("{name} cannot be {text}: values go from {least} to {most}"));
        }
    }
    if (fields[2] == "?") == (fields[4] == "?") {
        return Err("exactly one of day-of-month and day-of-week is to be ?".to_owned());
    }
    Ok(())
}

impl Field {
    fn allows(&self, part: &str) -> bool {
        if let Some(allowed) = self.mark(part) {
            return allowed;
        }
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        if let Some(step) = step
            && !number(step).is_some_and(|step| step > 0 && step <= self.most)
        {
            return false;
        }
        match range.split_once('-') {
            Some((from, to)) => self.value(from).is_some() && self.value(to).is_some(),
            None => range == "*" || self.value(range).is_some(),
        }
    }

    /// Whether a part with a mark is one of the field's; None where there is no mark.
    fn mark(&self, part: &str) -> Option<bool> {
        let has = |mark: char| self.marks.contains(mark);
        if part == "?" {
            return Some(has('?'));
        }
        if let Some((day, week)) = part.split_once('#') {
            let week = number(week).is_some_and(|week| (1..=5).contains(&week));
            return Some(has('#') && week && self.value(day).is_some());
        }
        if self.value(part).is_some() {
            return None;
        }
        if let Some(day) = part.strip_suffix('W') {
            return Some(has('W') && (day == "L" || self.value(day).is_some()));
        }
        let day = part.strip_suffix('L')?;
        // A day of the week may stand before it, but no day of the month.
        Some(has('L') && (day.is_empty() || has('#') && self.value(day).is_some()))
    }

    fn value(&self, text: &str) -> Option<u16> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = named.map(|at| at as u16 + self.least).or_else(|| number(text))?;
        (self.least..=self.most).contains(&value).then_some(value)
    }
}

fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn schedules_are_those_of_the_service() {
        for good in [
            "cron(15 12 * * ? *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(0 10 L * ? 2030)",
            "cron(0,30 0 LW 1,jul ? *)",
            "cron(0 8 15W * ? *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 ? * FRIL *)",
            "cron(*/10 * 1-7/2 * ? 2025-2030)",
        ] {
            assert_eq!(parts(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("", "form cron"),
            ("rate(5 minutes)", "form cron"),
            ("cron(15 12 * * ?)", "5 fields"),
            ("cron(60 12 * * ? *)", "minutes cannot be 60"),
            ("cron(0 24 * * ? *)", "hours cannot be 24"),
            ("cron(0 1 0 * ? *)", "day-of-month cannot be 0"),
            ("cron(0 1 5L * ? *)", "day-of-month cannot be 5L"),
            ("cron(0 1 ? * 8 *)", "day-of-week cannot be 8"),
            ("cron(0 1 ? * 2#6 *)", "day-of-week cannot be 2#6"),
            ("cron(0 1 ? JEN MON *)", "month cannot be JEN"),
            ("cron(0/0 1 ? * MON *)", "minutes cannot be 0/0"),
            ("cron(0 1 * * * *)", "exactly one"),
            ("cron(0 1 ? * ? *)", "exactly one"),
            ("cron(? 1 * * ? *)", "minutes cannot be ?"),
            ("cron(0 1 * * ? 1969)", "year cannot be 1969"),
            ("cron(0, 1 * * ? *)", "minutes cannot be 0,"),
        ] {
            let error = parts(bad).unwrap_err();
            assert!(error.contains(what), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in ".*") {
            let _ = parts(&format!("cron({text})"));
        }
    }
}
