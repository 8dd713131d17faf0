//! Rulesets in the Data Quality Definition Language, as far as one can tell that a text is one: it is made of
//! assignments `Rules = [ … ]`, `Analyzers = [ … ]` or of a name of one's own. What a rule says is for what evaluates it.

/// How many rules a ruleset has. The error is a sentence.
pub fn rule_count(ruleset: &str) -> Result<usize, String> {
    let mut reader = Reader { rest: ruleset };
    let mut rules = None;
    let mut analyzers = false;
    loop {
        reader.skip_blank();
        if reader.rest.is_empty() {
            break;
        }
        let name = reader.name()?;
        reader.expect('=')?;
        let count = reader.value(name)?;
        match name {
            "Rules" if rules.is_some() => return Err("Rules is there twice".to_owned()),
            "Rules" => rules = Some(count),
            "Analyzers" => analyzers = true,
            _ => {}
        }
    }
    match rules {
        Some(0) if !analyzers => Err("Rules = [ ] has no rule".to_owned()),
        Some(count) => Ok(count),
        None if analyzers => Ok(0),
        None => Err("neither Rules = [ … ] nor Analyzers = [ … ] is there".to_owned()),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Blanks and comments, which go from `#` to the end of the line.
    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix('#') else { return };
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn name(&mut self) -> Result<&'a str, String> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(format!("a name is expected before {}", self.excerpt()));
        }
        self.rest = rest;
        Ok(name)
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        self.skip_blank();
        self.rest = self.rest.strip_prefix(c).ok_or_else(|| format!("{c} is expected before {}", self.excerpt()))?;
        Ok(())
    }

    /// What `name` is set to: a list in brackets, or a text in quotes. How many items the list has.
    fn value(&mut self, name: &str) -> Result<usize, String> {
        self.skip_blank();
        if self.rest.starts_with('"') && name != "Rules" && name != "Analyzers" {
            self.rest = &self.rest[1..];
            self.quoted()?;
            return Ok(1);
        }
        self.expect('[')?;
        self.items()
    }

    /// The items up to the bracket that closes the list.
    fn items(&mut self) -> Result<usize, String> {
        let mut open = Vec::new();
        let mut count = 0;
        let mut empty = true;
        loop {
            self.skip_blank();
            let mut chars = self.rest.chars();
            let Some(c) = chars.next() else { return Err("a list is not closed by ]".to_owned()) };
            self.rest = chars.as_str();
            match c {
                '"' => self.quoted()?,
                '[' => open.push(']'),
                '(' => open.push(')'),
                '{' => open.push('}'),
                ']' if open.is_empty() => return Ok(if empty { count } else { count + 1 }),
                ']' | ')' | '}' if open.pop() != Some(c) => return Err(format!("{c} closes nothing")),
                ',' if open.is_empty() && empty => return Err("an item of a list is empty".to_owned()),
                ',' if open.is_empty() => {
                    count += 1;
                    empty = true;
                    continue;
                }
                _ => {}
            }
            empty = false;
        }
    }

    /// The rest of a text whose first quote is read. A backslash takes the next character along.
    fn quoted(&mut self) -> Result<(), String> {
        let mut chars = self.rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '"' => {
                    self.rest = chars.as_str();
                    return Ok(());
                }
                _ => {}
            }
        }
        Err("a text is not closed by a quote".to_owned())
    }

    fn excerpt(&self) -> String {
        match self.rest.chars().take(20).collect::<String>() {
            end if end.is_empty() => "the end".to_owned(),
            excerpt => format!("{excerpt:?}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rules_are_counted() {
        for (ruleset, rules) in [
            ("Rules = [ IsComplete \"id\" ]", 1),
            ("Rules=[RowCount > 0,ColumnCount between 1 and 5,]", 2),
            ("# of orders\nRules = [ (IsUnique \"a, ]\") and (Mean \"b\" in [1, 2]) ] # end", 1),
            ("Rules = [ ColumnValues \"c\" matches \"a\\\"b\" ]\nAnalyzers = [ RowCount, Mean \"b\" ]", 1),
            ("Analyzers = [ RowCount ]", 0),
            ("colors = [\"red\", \"green\"]\nquery = \"select 1\"\nRules = [ ColumnValues \"c\" in $colors ]", 1),
        ] {
            assert_eq!(rule_count(ruleset), Ok(rules), "{ruleset}");
        }
    }

    #[test]
    fn what_is_no_ruleset_is_refused() {
        for ruleset in [
            "",
            "# nothing",
            "IsComplete \"id\"",
            "Rules = IsComplete \"id\"",
            "Rules = \"text\"",
            "Rules = []",
            "Rules = [ RowCount > 0",
            "Rules = [ RowCount > 0 ] ]",
            "Rules = [ (RowCount > 0 ]",
            "Rules = [ , RowCount > 0 ]",
            "Rules = [ IsUnique \"a ]",
            "Rules = [ RowCount > 0 ] Rules = [ RowCount > 1 ]",
            "colors = [\"red\"]",
        ] {
            assert!(rule_count(ruleset).is_err(), "{ruleset}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(Rules|=|\\[|\\]|\\(|\\)|\"|,|#|\n|\\\\|é| )*") {
            let _ = rule_count(&text);
        }

        #[test]
        fn as_many_rules_are_counted_as_there_are(rules in prop::collection::vec("[A-Z][a-z]{1,5} \"[a-z,\\[\\]#]{0,5}\"", 1..20)) {
            let ruleset = format!("Rules = [\n  {}\n]", rules.join(",\n  "));
            prop_assert_eq!(rule_count(&ruleset), Ok(rules.len()));
        }
    }
}
