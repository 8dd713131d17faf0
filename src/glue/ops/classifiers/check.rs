//! Whether a crawler could work with a classifier.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use serde_json::Value;

use super::super::super::error::{Exception, Result};
use super::super::kept::{Object, list, text};

/// The types that a field of a grok pattern may have.
const FIELD_TYPES: [&str; 8] = ["byte", "boolean", "double", "short", "int", "long", "float", "string"];

/// The types that columns of CSV may be given.
const COLUMN_TYPES: [&str; 11] =
    ["BINARY", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INT", "LONG", "SHORT", "STRING", "TIMESTAMP"];

/// A definition of this kind, without its name.
pub fn classifier(kind: &str, definition: &Object) -> Result<()> {
    let checked = match kind {
        "GrokClassifier" => grok(definition),
        "XMLClassifier" => xml(definition),
        "JsonClassifier" => json_path(text(definition, "JsonPath")),
        _ => csv(definition),
    };
    checked.map_err(|what| Exception::invalid_input(format!("{kind}: {what}")).into())
}

fn grok(definition: &Object) -> Result<(), String> {
    if text(definition, "Classification").is_empty() {
        return Err("Classification is empty: it names the format of the tables".to_owned());
    }
    for (at, line) in text(definition, "CustomPatterns").lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pattern = line.split_once([' ', '\t']).map(|(_, pattern)| pattern.trim());
        let pattern = pattern.ok_or_else(|| format!("CustomPatterns, line {}: NAME pattern is expected", at + 1))?;
        grok_pattern(pattern).map_err(|what| format!("CustomPatterns, line {}: {what}", at + 1))?;
    }
    grok_pattern(text(definition, "GrokPattern")).map_err(|what| format!("GrokPattern: {what}"))
}

/// A regular expression with references of the form `%{PATTERN:field:type}` in it.
fn grok_pattern(pattern: &str) -> Result<(), String> {
    let mut regex = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("%{") {
        let (reference, after) = after.split_once('}').ok_or("%{ without a }")?;
        let mut parts = reference.splitn(3, ':');
        let name = parts.next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|char| char.is_alphanumeric() || char == '_') {
            return Err(format!("%{{{reference}}} does not name a pattern: %{{PATTERN:field:type}} is expected"));
        }
        if parts.next().is_some_and(str::is_empty) {
            return Err(format!("%{{{reference}}} has an empty field"));
        }
        if let Some(other) = parts.next().filter(|field_type| !FIELD_TYPES.contains(field_type)) {
            return Err(format!("{other} is no type of a field: {} are", FIELD_TYPES.join(", ")));
        }
        regex.push_str(before);
        // What the pattern is does not matter for whether the whole can be read.
        regex.push_str("(?:x)");
        rest = after;
    }
    regex.push_str(rest);
    Regex::new(&regex).map(|_| ()).map_err(|error| error.to_string())
}

fn xml(definition: &Object) -> Result<(), String> {
    if text(definition, "Classification").is_empty() {
        return Err("Classification is empty: it names the format of the tables".to_owned());
    }
    let Some(tag) = definition.get("RowTag").and_then(Value::as_str) else { return Ok(()) };
    let starts = tag.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if !starts || !tag.chars().all(|char| char.is_alphanumeric() || "_-.:".contains(char)) {
        return Err(format!("RowTag {tag:?} is no name of an element: it stands without < and >"));
    }
    Ok(())
}

/// Of JSON paths there are `$`, `.name`, `.*`, `['name']`, `[0]` and `[*]`.
fn json_path(path: &str) -> Result<(), String> {
    let wrong = || format!("JsonPath {path:?} is not understood: of $ .name .* ['name'] [0] [*] it may consist");
    let mut rest = path.strip_prefix('$').ok_or_else(wrong)?;
    while !rest.is_empty() {
        rest = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if name.is_empty() || name.contains([']', '\'', '"', ' ']) {
                return Err(wrong());
            }
            after
        } else {
            let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
            match ['\'', '"'].into_iter().find_map(|quote| Some((quote, inner.strip_prefix(quote)?))) {
                Some((quote, quoted)) => {
                    let (name, after) = quoted.split_once(quote).ok_or_else(wrong)?;
                    after.strip_prefix(']').filter(|_| !name.is_empty()).ok_or_else(wrong)?
                }
                None => {
                    let (index, after) = inner.split_once(']').ok_or_else(wrong)?;
                    let number = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
                    if index != "*" && !number {
                        return Err(wrong());
                    }
                    after
                }
            }
        };
    }
    Ok(())
}

fn csv(definition: &Object) -> Result<(), String> {
    let delimiter = text(definition, "Delimiter");
    if !delimiter.is_empty() && delimiter == text(definition, "QuoteSymbol") {
        return Err(format!("Delimiter and QuoteSymbol are both {delimiter:?}: they must differ"));
    }
    let header = list(definition, "Header");
    let mut seen = BTreeSet::new();
    if let Some(twice) = header.iter().find(|name| !seen.insert(name.to_lowercase())) {
        return Err(format!("Header has the column {twice} twice"));
    }
    let types = list(definition, "CustomDatatypes");
    if let Some(other) = types.iter().find(|name| !COLUMN_TYPES.contains(&name.to_uppercase().as_str())) {
        return Err(format!("CustomDatatypes: {other} is no type of a column: {} are", COLUMN_TYPES.join(", ")));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn grok_of(pattern: &str, custom: &str) -> Result<(), String> {
        let definition = json!({ "Classification": "log", "GrokPattern": pattern, "CustomPatterns": custom });
        grok(definition.as_object().unwrap())
    }

    #[test]
    fn grok_patterns_are_read() {
        assert_eq!(
            grok_of("%{IP:client} (?<method>GET|POST) %{NUMBER:bytes:int}", "NAME (?=a)%{WORD}\n\n# note"),
            Ok(())
        );
        for (pattern, custom, what) in [
            ("%{IP:client", "", "without"),
            ("%{:client}", "", "name a pattern"),
            ("%{IP::int}", "", "empty field"),
            ("%{IP:client:uuid}", "", "uuid is no type"),
            ("(%{IP}", "", "GrokPattern:"),
            ("%{A}", "A", "line 1"),
            ("%{A}", "A a\nB (", "line 2"),
        ] {
            let error = grok_of(pattern, custom).unwrap_err();
            assert!(error.contains(what), "{pattern} {custom}: {error}");
        }
    }

    #[test]
    fn json_paths_are_read() {
        for path in ["$", "$[*]", "$.records[*]", "$['a b'][0].*", "$.a[\"b\"]"] {
            assert_eq!(json_path(path), Ok(()), "{path}");
        }
        for path in ["", "a", "$a", "$.", "$..a", "$[", "$[]", "$['a]", "$['']", "$[-1]", "$[a]", "$['a'"] {
            assert!(json_path(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much_for_them(text in ".*") {
            let _ = json_path(&text);
            let _ = grok_pattern(&text);
        }
    }
}
