//! Conditions as Glue's expressions, with parentheses wherever they may be.

use crate::sample::{Condition, Type};

/// None where Glue cannot say it: of booleans, rows, patterns with escapes, and constants of another type than the key's.
pub fn of(condition: &Condition, types: &[Type]) -> Option<String> {
    let not = |not: &bool| if *not { "(Not) " } else { "" };
    let parts = |parts: &[Condition], word: &str| {
        let parts = parts.iter().map(|part| Some(format!("({})", of(part, types)?))).collect::<Option<Vec<_>>>()?;
        Some(parts.join(word))
    };
    Some(match condition {
        Condition::And(conditions) => parts(conditions, " (AND) ")?,
        Condition::Or(conditions) => parts(conditions, " or ")?,
        Condition::Not(part) => format!("NOT ({})", of(part, types)?),
        Condition::Compare { key, op, constant: written, mirrored: false } => {
            format!("(k{key}) {op} (({}))", constant(types[*key], written)?)
        }
        Condition::Compare { key, op, constant: written, mirrored: true } => {
            let op = match *op {
                "<" => ">",
                "<=" => ">=",
                ">" => "<",
                ">=" => "<=",
                op => op,
            };
            format!("({}) {op} \"K{key}\"", constant(types[*key], written)?)
        }
        Condition::Between { key, low, high, not: n } => {
            let (low, high) = (constant(types[*key], low)?, constant(types[*key], high)?);
            format!("((k{key})) {}Between {low} (and) ({high})", not(n))
        }
        Condition::In { key, list, not: n } => {
            let list = list.iter().map(|written| constant(types[*key], written)).collect::<Option<Vec<_>>>()?;
            format!("`k{key}` {}in (({}))", not(n), list.join("), ("))
        }
        Condition::Like { key, pattern, not: n, .. } if types[*key] == Type::Text && !pattern.contains('\\') => {
            format!("k{key} {}(LIKE) ({})", not(n), quoted(pattern))
        }
        Condition::Like { .. } | Condition::Rows { .. } => return None,
    })
}

fn constant(of: Type, (written, text): &(String, String)) -> Option<String> {
    let bare = written == text;
    let fits = match of {
        Type::Boolean => false,
        _ if text.starts_with("__") => true,
        Type::Text | Type::Decimal => true,
        Type::Integer => text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'),
        Type::Date => text.len() == 10,
        Type::Timestamp => text.len() > 10,
    };
    fits.then(|| if bare { text.clone() } else { quoted(text) })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
