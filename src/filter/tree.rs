//! AND and OR over tests of some kind.

/// A condition. There is no negation: it is pushed into the tests when a filter is read, so that a test may simply be
/// false for values it does not understand.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree<T> {
    /// True when every part is; with no parts, always.
    All(Vec<Tree<T>>),
    /// True when some part is; with no parts, never.
    Any(Vec<Tree<T>>),
    Test(T),
}

impl<T> Tree<T> {
    /// AND, with nested ANDs taken in. One part stands for itself.
    pub fn all(parts: Vec<Tree<T>>) -> Self {
        let nested = |part: Tree<T>| if let Tree::All(inner) = part { Ok(inner) } else { Err(part) };
        Self::one(flatten(parts, nested)).unwrap_or_else(Tree::All)
    }

    /// OR, with nested ORs taken in. One part stands for itself.
    pub fn any(parts: Vec<Tree<T>>) -> Self {
        let nested = |part: Tree<T>| if let Tree::Any(inner) = part { Ok(inner) } else { Err(part) };
        Self::one(flatten(parts, nested)).unwrap_or_else(Tree::Any)
    }

    fn one(mut parts: Vec<Tree<T>>) -> Result<Self, Vec<Tree<T>>> {
        if parts.len() == 1 { Ok(parts.remove(0)) } else { Err(parts) }
    }

    /// The opposite condition, given the opposite of a test.
    pub fn negate(self, opposite: &impl Fn(T) -> T) -> Self {
        let each = |parts: Vec<Tree<T>>| parts.into_iter().map(|part| part.negate(opposite)).collect();
        match self {
            Tree::All(parts) => Tree::Any(each(parts)),
            Tree::Any(parts) => Tree::All(each(parts)),
            Tree::Test(test) => Tree::Test(opposite(test)),
        }
    }

    /// Whether the condition holds, given whether a test does, in the three truth values of SQL.
    pub fn decides(&self, test: &impl Fn(&T) -> Option<bool>) -> Option<bool> {
        let (parts, settles) = match self {
            Tree::Test(one) => return test(one),
            Tree::All(parts) => (parts, false),
            Tree::Any(parts) => (parts, true),
        };
        let mut all = Some(!settles);
        for part in parts {
            match part.decides(test) {
                Some(truth) if truth == settles => return Some(truth),
                Some(_) => {}
                None => all = None,
            }
        }
        all
    }

    /// The same condition over other tests.
    pub fn map<U>(&self, test: &impl Fn(&T) -> U) -> Tree<U> {
        let each = |parts: &Vec<Tree<T>>| parts.iter().map(|part| part.map(test)).collect();
        match self {
            Tree::All(parts) => Tree::All(each(parts)),
            Tree::Any(parts) => Tree::Any(each(parts)),
            Tree::Test(one) => Tree::Test(test(one)),
        }
    }

    /// The sum of the sizes of the tests.
    pub fn size(&self, test: &impl Fn(&T) -> usize) -> usize {
        match self {
            Tree::All(parts) | Tree::Any(parts) => parts.iter().map(|part| part.size(test)).sum(),
            Tree::Test(one) => test(one),
        }
    }

    /// Prints the condition with its tests printed by `test`; AND and OR are spelt alike in SQL and in filters.
    /// The condition that always holds prints as nothing.
    pub fn write(&self, out: &mut String, test: &mut impl FnMut(&T, &mut String)) {
        let (parts, word) = match self {
            Tree::Test(one) => return test(one, out),
            Tree::All(parts) => (parts, " and "),
            Tree::Any(parts) => (parts, " or "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push_str(word);
            }
            // A part that is itself an AND or OR is never of this one's kind, so it needs its parentheses.
            let bare = matches!(part, Tree::Test(_));
            out.push_str(if bare { "" } else { "(" });
            part.write(out, test);
            out.push_str(if bare { "" } else { ")" });
        }
    }
}

/// Takes nested lists in. The longest is moved as it is, so that a chain nested a thousand deep, as clients write
/// `((a or b) or c) or …`, costs no more than a flat one.
fn flatten<T>(parts: Vec<T>, nested: impl Fn(T) -> Result<Vec<T>, T>) -> Vec<T> {
    let mut longest: Vec<T> = Vec::new();
    let mut others = Vec::new();
    for part in parts {
        match nested(part) {
            Ok(inner) if inner.len() > longest.len() => others.extend(std::mem::replace(&mut longest, inner)),
            Ok(inner) => others.extend(inner),
            Err(part) => others.push(part),
        }
    }
    longest.append(&mut others);
    longest
}
