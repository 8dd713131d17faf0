//! JSON Schema, drafts 4 to 2020-12: whether every document that the writer's schema allows is allowed by the reader's.
//!
//! In general nobody can tell; the rules here say yes only where they are sure, and name what they are not sure of.

mod containment;
mod keywords;
mod written;

use jsonschema::Draft;
use referencing::{Registry, uri};
use serde_json::Value;

use self::containment::Containment;
use self::written::Node;
use super::{Invalid, Problem, Undeclared};

/// Where a schema is taken to be that does not say.
const BASE: &str = "json-schema:///schema";

/// What a schema without `$schema` may be written in, the likeliest first.
const UNDECLARED_DRAFTS: [Draft; 3] = [Draft::Draft202012, Draft::Draft7, Draft::Draft4];

#[derive(Debug)]
pub struct Json {
    root: Value,
    draft: Draft,
}

impl Json {
    /// References to other documents are not followed: a definition has to be whole.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let root = super::json(text)?;
        let declared = root.get("$schema").is_some().then(|| Draft::default().detect(&root));
        if declared == Some(Draft::Unknown) {
            return Err(Invalid(format!("its $schema, {}, is none of the drafts 4 to 2020-12", root["$schema"])));
        }
        let drafts = declared.as_ref().map_or(&UNDECLARED_DRAFTS[..], std::slice::from_ref);
        let mut refusal = None;
        for draft in drafts {
            match jsonschema::options().with_draft(*draft).offline().build(&root) {
                Ok(_) => return Ok(Self { root, draft: *draft }),
                Err(error) => {
                    let place = error.instance_path().to_string();
                    let what = format!("{}{error}", if place.is_empty() { place } else { format!("{place}: ") });
                    refusal.get_or_insert(what);
                }
            }
        }
        Err(Invalid(refusal.unwrap_or_default()))
    }

    pub fn reads(&self, writer: &Self, undeclared: Undeclared) -> Result<(), Problem> {
        let (written, read) = (writer.registry()?, self.registry()?);
        let mut containment = Containment::new(undeclared);
        containment.start(writer.node(&written)?, &self.node(&read)?)
    }

    fn registry(&self) -> Result<Registry<'_>, Problem> {
        let builder = Registry::new().draft(self.draft).add(BASE, &self.root).map_err(unresolved)?;
        builder.prepare().map_err(unresolved)
    }

    fn node<'r>(&'r self, registry: &'r Registry<'r>) -> Result<Node<'r>, Problem> {
        let resolver = registry.resolver(uri::from_str(BASE).map_err(unresolved)?);
        Node::root(resolver)
    }
}

fn unresolved(error: impl std::fmt::Display) -> Problem {
    Problem::new(format!("a reference cannot be resolved: {error}"))
}
