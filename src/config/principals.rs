//! How principals become users: the rules of Hadoop's `hadoop.security.auth_to_local`.

use std::sync::LazyLock;

use regex::Regex;

/// PrincipalRules in their order.
#[derive(Debug, Clone)]
pub struct PrincipalRules(Vec<Rule>);

#[derive(Debug, Clone)]
enum Rule {
    /// The first component of a principal of the own realm.
    Default {
        lowercase: bool,
    },
    Made(Made),
}

#[derive(Debug, Clone)]
struct Made {
    /// How many components a principal has that the rule is for.
    components: usize,
    /// With `$0` for the realm, and `$1` and so on for the components.
    format: String,
    /// What that has to be, as a whole.
    matching: Option<Regex>,
    replacement: Option<Replacement>,
    lowercase: bool,
}

#[derive(Debug, Clone)]
struct Replacement {
    pattern: Regex,
    by: String,
    everywhere: bool,
}

impl PrincipalRules {
    /// The error says what is wrong, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        static RULE: LazyLock<Regex> = LazyLock::new(|| {
            let pattern =
                r"^(?:(DEFAULT)|RULE:\[(\d+):([^\]]*)\](?:\(([^)]*)\))?(?:s/([^/]*)/([^/]*)/(g)?)?)(/L)?(?:\s+|$)";
            // Tested below.
            Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"))
        });
        let mut rest = text.trim();
        let mut rules = Vec::new();
        while !rest.is_empty() {
            let found = RULE.captures(rest).ok_or_else(|| format!("{rest:?} does not begin with a rule."))?;
            let part = |number| found.get(number).map(|part| part.as_str());
            let lowercase = part(8).is_some();
            rules.push(match part(1) {
                Some(_) => Rule::Default { lowercase },
                None => Rule::Made(Made {
                    components: part(2)
                        .and_then(|count| count.parse().ok())
                        .ok_or("A rule has too many components.")?,
                    format: part(3).unwrap_or_default().to_owned(),
                    matching: part(4).map(|pattern| compile(&format!("^(?:{pattern})$"))).transpose()?,
                    replacement: match part(5) {
                        None => None,
                        Some(pattern) => Some(Replacement {
                            pattern: compile(pattern)?,
                            by: replacement(part(6).unwrap_or_default()),
                            everywhere: part(7).is_some(),
                        }),
                    },
                    lowercase,
                }),
            });
            rest = &rest[found[0].len()..];
        }
        if rules.is_empty() { Err("Give a rule, such as `DEFAULT`.".to_owned()) } else { Ok(Self(rules)) }
    }

    /// The user of a principal, where the own realm is `own_realm`; None where no rule fits. The error is about a rule
    /// that makes no plain name.
    pub fn user(&self, principal: &str, own_realm: &str) -> Result<Option<String>, String> {
        // What is escaped in a principal would mean something else in a rule.
        if principal.contains('\\') {
            return Ok(None);
        }
        let (name, realm) = principal.rsplit_once('@').unwrap_or((principal, own_realm));
        let components: Vec<&str> = name.split('/').collect();
        let Some(user) = self.0.iter().find_map(|rule| rule.apply(realm, &components, own_realm)) else {
            return Ok(None);
        };
        if user.is_empty() || user.contains(['/', '@']) {
            return Err(format!("{principal} becomes {user:?}, which is not a plain name"));
        }
        Ok(Some(user))
    }
}

impl Rule {
    fn apply(&self, realm: &str, components: &[&str], own_realm: &str) -> Option<String> {
        let (user, lowercase) = match self {
            Self::Default { lowercase } => (components.first().filter(|_| realm == own_realm)?.to_string(), *lowercase),
            Self::Made(made) => (made.apply(realm, components)?, made.lowercase),
        };
        Some(if lowercase { user.to_lowercase() } else { user })
    }
}

impl Made {
    fn apply(&self, realm: &str, components: &[&str]) -> Option<String> {
        if components.len() != self.components {
            return None;
        }
        let base = self.base(realm, components)?;
        if !self.matching.as_ref().is_none_or(|pattern| pattern.is_match(&base)) {
            return None;
        }
        Some(match &self.replacement {
            None => base,
            Some(Replacement { pattern, by, everywhere }) => {
                pattern.replacen(&base, usize::from(!everywhere), by).into_owned()
            }
        })
    }

    /// The format with its parts put in; None where one is of no component.
    fn base(&self, realm: &str, components: &[&str]) -> Option<String> {
        let mut pieces = self.format.split('$');
        let mut base = pieces.next()?.to_owned();
        for piece in pieces {
            let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, text) = piece.split_at(digits);
            base += match number.parse::<usize>().ok()? {
                0 => realm,
                number => components.get(number - 1)?,
            };
            base += text;
        }
        Some(base)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("{pattern:?} in a rule cannot be used: {error}."))
}

/// A replacement of Java's as one of ours: `$1` ends at its digit, and a backslash takes what follows as it is.
fn replacement(java: &str) -> String {
    let mut ours = String::new();
    let mut characters = java.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek().copied()) {
            ('$', Some(digit)) if digit.is_ascii_digit() => {
                characters.next();
                ours += &format!("${{{digit}}}");
            }
            ('\\', Some(literal)) => {
                characters.next();
                if literal == '$' {
                    ours.push('$');
                }
                ours.push(literal);
            }
            ('$', _) => ours += "$$",
            (character, _) => ours.push(character),
        }
    }
    ours
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user(rules: &str, principal: &str) -> Result<Option<String>, String> {
        PrincipalRules::parse(rules).unwrap().user(principal, "EXAMPLE.ORG")
    }

    #[test]
    fn the_default_is_the_own_realm() {
        let of = |principal| user("DEFAULT", principal).unwrap();
        assert_eq!(of("ann@EXAMPLE.ORG").as_deref(), Some("ann"));
        assert_eq!(of("hive/h.example.org@EXAMPLE.ORG").as_deref(), Some("hive"));
        assert_eq!(of("ann").as_deref(), Some("ann"));
        assert_eq!(of("ann@OTHER.ORG"), None);
        assert_eq!(of("ann@example.org"), None, "realms are upper and lower case");
        assert_eq!(of(r"hive\@x@EXAMPLE.ORG"), None);
        assert_eq!(of(r"hive\/x@EXAMPLE.ORG"), None);
        assert!(user("DEFAULT", "@EXAMPLE.ORG").unwrap_err().contains("not a plain name"));
        assert_eq!(user("DEFAULT/L", "Ann@EXAMPLE.ORG").unwrap().as_deref(), Some("ann"));
    }

    /// PrincipalRules and principals as Hadoop's own documentation and tests have them.
    #[test]
    fn rules_are_hadoops() {
        let rules = r"RULE:[1:$1](root)s/.*/hdfs/
            RULE:[2:$1@$0]([nd]n@EXAMPLE\.ORG)s/.*/hdfs/ RULE:[2:$1;$2](^.*;admin$)s/;admin$//
            RULE:[1:$1@$0](.*@AD\.EXAMPLE\.ORG)s/@.*///L RULE:[3:$3](o.o)s/o/0/g RULE:[1:$1@$0](.*@AS\.IS) DEFAULT";
        for (principal, expected) in [
            ("root@ANY", Some("hdfs")),
            ("nn/host@EXAMPLE.ORG", Some("hdfs")),
            ("nn/host@OTHER", None),
            ("ann/admin@OTHER", Some("ann")),
            ("Ann.Lee@AD.EXAMPLE.ORG", Some("ann.lee")),
            ("Ann@ADxEXAMPLE.ORG", None),
            ("a/b/oxo@ANY", Some("0x0")),
            ("bob@EXAMPLE.ORG", Some("bob")),
        ] {
            assert_eq!(user(rules, principal).unwrap().as_deref(), expected, "{principal}");
        }
        assert!(user(rules, "ann@AS.IS").unwrap_err().contains("not a plain name"));
        assert_eq!(user(r"RULE:[2:$1$2](.*)s/(a+)b/x$1\$/", "aab/c@X").unwrap().as_deref(), Some("xaa$c"));
        assert_eq!(user("RULE:[1:$2]", "ann@X").unwrap(), None);
    }

    #[test]
    fn wrong_rules_are_told() {
        for (rules, said) in [
            ("", "Give a rule"),
            ("DEFALT", "does not begin with a rule"),
            ("DEFAULT RULE:[1:$1](a", "does not begin with a rule"),
            ("RULE:[1:$1](a[b)", "cannot be used"),
            ("RULE:[1:$1](.*)s/(?=a)/b/", "cannot be used"),
            ("RULE:[99999999999999999999:$1]", "too many components"),
        ] {
            let error = PrincipalRules::parse(rules).unwrap_err();
            assert!(error.contains(said), "{rules}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends_in_an_answer(text in r"[DEFAULTR:\[\]()s/$\\0-9a.*g ]{0,60}", principal in r"[a-c/@\\$]{0,12}") {
            if let Ok(rules) = PrincipalRules::parse(&format!("RULE:[1:$1]({text})s/{text}/{text}/ {text}")) {
                let _ = rules.user(&principal, "a");
            }
        }
    }
}
