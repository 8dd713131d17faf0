//! Lists as columns of text.

use std::time::{Duration, UNIX_EPOCH};

/// Rows, the first of which is the heads, with columns as wide as they have to be.
pub fn text<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// `2026-11-24T23:36:52Z`; what lies beyond the calendar is written as the number.
pub fn format_time(seconds: i64) -> String {
    const LAST: u64 = 253_402_300_799;
    match u64::try_from(seconds) {
        Ok(seconds @ ..=LAST) => {
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
        }
        _ => seconds.to_string(),
    }
}
