//! Lists in pages. A token says after which key the next page starts, so that pages stay right while objects come and
//! go; what it holds is nobody's business but ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{Exception, Result};

/// A page as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<K = String> {
    /// The key that the page before ended with.
    pub after: Option<K>,
    /// How many objects it may have.
    pub limit: usize,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// The page that a request asks for, of `default` objects where it says nothing. A token that no page of ours ended
    /// with is an error.
    pub fn read(token: Option<&str>, limit: Option<i32>, default: usize) -> Result<Self> {
        let after = token.map(|token| {
            let json = URL_SAFE_NO_PAD.decode(token).ok();
            json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| {
                Exception::invalid_input("NextToken is none that this operation gave: start again without it")
            })
        });
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
        Ok(Self { after: after.transpose()?, limit: limit.unwrap_or(default) })
    }

    /// One more than the page holds: whether there is a next page shows by it.
    pub fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Cuts what was fetched to the page, and gives the token of the next one if there is one.
    pub fn cut<T>(&self, items: &mut Vec<T>, key: impl Fn(&T) -> K) -> Option<String> {
        if items.len() <= self.limit {
            return None;
        }
        items.truncate(self.limit);
        items.last().map(|last| token(&key(last)))
    }

    /// The page of a list that is in order of its keys.
    pub fn of<T>(&self, items: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, Option<String>)
    where
        K: PartialOrd,
    {
        let mut rest: Vec<T> =
            items.into_iter().filter(|item| self.after.as_ref().is_none_or(|after| key(item) > *after)).collect();
        let token = self.cut(&mut rest, key);
        (rest, token)
    }
}

/// The token of the page after `key`.
pub fn token<K: Serialize>(key: &K) -> String {
    // Strings, numbers and lists of them: nothing that JSON could refuse.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_on_where_the_one_before_ended_whatever_came_or_went() {
        let page = |token: Option<&str>| Page::<String>::read(token, Some(2), 100).unwrap();
        let key = |item: &&str| (*item).to_owned();
        let (first, token) = page(None).of(vec!["a", "c", "e", "g"], key);
        assert_eq!(first, ["a", "c"]);
        let (second, token) = page(token.as_deref()).of(vec!["a", "b", "e", "g"], key);
        assert_eq!((second, token), (vec!["e", "g"], None));
    }

    #[test]
    fn tokens_of_others_are_refused() {
        for token in ["", "x", "!!", &token(&7)] {
            assert!(Page::<String>::read(Some(token), None, 1).is_err(), "{token:?}");
        }
    }
}
