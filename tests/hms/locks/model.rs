//! Locks against a plain model of Hive's rules.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use propolis_thrift::types::{DataOperationType, LockComponent, LockRequest, LockState, LockType};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::{check, component, lock, request, unlock};
use crate::support::Server;
use crate::transactions::{commit, open_one};

type Component = (&'static str, LockType);

const PATHS: [&str; 7] = ["d", "d.t", "d.t.p=1", "d.t.p=2", "d.u", "e", "e.t"];
const KINDS: [LockType; 4] = [LockType::SHARED_READ, LockType::SHARED_WRITE, LockType::EXCL_WRITE, LockType::EXCLUSIVE];

/// Whether a request has to wait for an earlier one.
fn conflicts((held_path, held): Component, (wanted_path, wanted): Component) -> bool {
    let below = |path: &str, above: &str| path == above || path.starts_with(&format!("{above}."));
    if !below(held_path, wanted_path) && !below(wanted_path, held_path) {
        return false;
    }
    let read_of_database = |path: &str, kind| !path.contains('.') && kind == LockType::SHARED_READ;
    let exclusive_below = |path: &str, kind| path.contains('.') && kind == LockType::EXCLUSIVE;
    if read_of_database(held_path, held) && exclusive_below(wanted_path, wanted)
        || read_of_database(wanted_path, wanted) && exclusive_below(held_path, held)
    {
        return false;
    }
    // A row for the kind that is held, a column for the kind that is wanted.
    const TOGETHER: [[bool; 4]; 4] =
        [[true, true, true, false], [true, true, false, false], [true, false, false, false], [false; 4]];
    let place = |kind| KINDS.iter().position(|known| *known == kind).unwrap();
    !TOGETHER[place(held)][place(wanted)]
}

fn any_conflict(held: &[Component], wanted: &[Component]) -> bool {
    held.iter().any(|held| wanted.iter().any(|wanted| conflicts(*held, *wanted)))
}

/// Of a statement that writes nothing, so that no transactions conflict.
fn sent((path, kind): &Component) -> LockComponent {
    LockComponent { operation_type: Some(DataOperationType::NO_TXN), ..component(path, *kind) }
}

#[derive(Debug)]
struct Request {
    id: i64,
    components: Vec<Component>,
    /// Which of the open transactions it belongs to, if any.
    transaction: Option<usize>,
    acquired: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Lock { components: Vec<Component>, transaction: Option<usize>, zero_wait: bool },
    Check(usize),
    Unlock(usize),
    Commit(usize),
}

fn components() -> impl Strategy<Value = Vec<Component>> {
    vec((prop::sample::select(&PATHS[..]), prop::sample::select(&KINDS[..])), 1..4)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (components(), prop::option::weighted(0.4, 0..3usize), prop::bool::weighted(0.2))
            .prop_map(|(components, transaction, zero_wait)| Step::Lock { components, transaction, zero_wait }),
        4 => any::<usize>().prop_map(Step::Check),
        3 => any::<usize>().prop_map(Step::Unlock),
        1 => (0..3usize).prop_map(Step::Commit),
    ]
}

/// The state that a request is to have: it waits for each earlier one that is still there, granted or not, unless that
/// is of the same transaction.
fn waits(before: &[Request], components: &[Component], transaction: Option<usize>) -> bool {
    before.iter().any(|earlier| {
        (transaction.is_none() || earlier.transaction != transaction) && any_conflict(&earlier.components, components)
    })
}

#[tokio::test]
async fn any_sequence_goes_as_the_rules_say() {
    let mut runner = TestRunner::deterministic();
    let server = Server::start().await;
    let mut client = server.client().await;
    for _ in 0..40 {
        let steps = vec(step(), 1..30).new_tree(&mut runner).unwrap().current();
        let mut requests: Vec<Request> = Vec::new();
        let mut transactions = Vec::new();
        for _ in 0..3 {
            transactions.push(open_one(&mut client).await);
        }
        for step in &steps {
            match step {
                Step::Lock { components, transaction, zero_wait } => {
                    let sent = components.iter().map(sent).collect();
                    let sent = LockRequest {
                        txnid: transaction.map(|which| transactions[which]),
                        zero_wait_read_enabled: Some(*zero_wait),
                        ..request(sent)
                    };
                    let answer = lock(&mut client, sent).await.unwrap();
                    let must_wait = waits(&requests, components, *transaction);
                    if answer.state == LockState::NOT_ACQUIRED {
                        let reads = components.iter().any(|(_, kind)| *kind == LockType::SHARED_READ);
                        assert!(must_wait && *zero_wait && reads, "given up: {step:?} after {requests:?}");
                        continue;
                    }
                    assert_eq!(answer.state == LockState::WAITING, must_wait, "{step:?} after {requests:?}");
                    requests.push(Request {
                        id: answer.lockid,
                        components: components.clone(),
                        transaction: *transaction,
                        acquired: !must_wait,
                    });
                }
                Step::Check(which) if !requests.is_empty() => {
                    let which = which % requests.len();
                    let (before, rest) = requests.split_at_mut(which);
                    let one = &mut rest[0];
                    let state = check(&mut client, one.id).await.unwrap();
                    one.acquired |= !waits(before, &one.components, one.transaction);
                    assert_eq!(state == LockState::ACQUIRED, one.acquired, "{one:?} after {before:?}");
                }
                Step::Unlock(which) if !requests.is_empty() => {
                    let which = which % requests.len();
                    let owned = requests[which].transaction.is_some() && requests[which].acquired;
                    assert_eq!(unlock(&mut client, requests[which].id).await.is_err(), owned);
                    if !owned {
                        requests.remove(which);
                    }
                }
                Step::Commit(which) => {
                    commit(&mut client, transactions[*which]).await.unwrap();
                    transactions[*which] = open_one(&mut client).await;
                    requests.retain(|one| one.transaction != Some(*which));
                }
                Step::Check(_) | Step::Unlock(_) => {}
            }
            for (place, one) in requests.iter().enumerate().filter(|(_, one)| one.acquired) {
                let others = requests[..place].iter().filter(|other| other.acquired);
                let free = |other: &Request| other.transaction.is_some() && other.transaction == one.transaction;
                for other in others.filter(|other| !free(other)) {
                    assert!(!any_conflict(&other.components, &one.components), "both held: {other:?} and {one:?}");
                }
            }
        }
        for id in transactions {
            commit(&mut client, id).await.unwrap();
        }
        for one in requests.iter().filter(|one| one.transaction.is_none()) {
            unlock(&mut client, one.id).await.unwrap();
        }
    }
}

/// Locks by their ids.
type Held = Arc<Mutex<Vec<(i64, Vec<Component>)>>>;

/// Many at once over connections of their own: what is held goes together at any moment, and all get their turn.
#[tokio::test]
async fn what_many_hold_at_once_goes_together() {
    let mut runner = TestRunner::deterministic();
    let server = Server::start().await;
    let held = Held::default();
    let mut lockers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let wanted = vec(components(), 8).new_tree(&mut runner).unwrap().current();
        let (mut client, held) = (server.client().await, held.clone());
        lockers.spawn(async move {
            for components in wanted {
                let sent = components.iter().map(sent).collect();
                let answer = lock(&mut client, request(sent)).await.unwrap();
                let mut state = answer.state;
                while state == LockState::WAITING {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    state = check(&mut client, answer.lockid).await.unwrap();
                }
                {
                    let mut held = held.lock().unwrap();
                    for (id, others) in held.iter() {
                        // Which of the two came first says who had to wait.
                        let (first, second) =
                            if *id < answer.lockid { (others, &components) } else { (&components, others) };
                        assert!(!any_conflict(first, second), "{others:?} and {components:?}");
                    }
                    held.push((answer.lockid, components));
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                held.lock().unwrap().retain(|(id, _)| *id != answer.lockid);
                unlock(&mut client, answer.lockid).await.unwrap();
            }
        });
    }
    while let Some(outcome) = lockers.join_next().await {
        outcome.unwrap();
    }
}
