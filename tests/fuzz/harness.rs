//! Runs a target: over its corpus as it is, then over inputs made of it. An input that is answered as none before is kept
//! for the rest of the run, and others are made of it too.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::meter;
use super::mutation::{Dice, mutate};

/// Inputs of each target, where PROPOLIS_FUZZ_CASES says nothing else.
const CASES: u64 = 3_000;
/// Inputs that are kept in a run.
const MOST: usize = 20_000;
/// An input that takes longer is written down and named, and waited for.
const LONG: Duration = Duration::from_secs(10);

pub struct Target {
    pub name: &'static str,
    pub longest: usize,
    /// Bytes that reading may take: so many, and so many for each byte of the input.
    pub memory: (usize, usize),
}

/// A number of the environment.
pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

pub fn cases() -> u64 {
    setting("PROPOLIS_FUZZ_CASES", CASES)
}

pub fn dice() -> Dice {
    Dice::new(setting("PROPOLIS_FUZZ_SEED", 1))
}

/// What is in the folder of this name: each line of `right.txt` is an input, and any other file is.
pub fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    // There is none before something is found by a target whose inputs come from elsewhere.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut inputs = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        if file.ends_with("right.txt") {
            inputs.extend(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        } else {
            inputs.push(bytes);
        }
    }
    inputs
}

impl Target {
    /// `answer` says in a few words what became of an input, and panics where that is not to be.
    pub fn run(&self, seeds: Vec<Vec<u8>>, answer: impl Fn(&[u8]) -> String) {
        let watched = Watch::start(self.name);
        let mut answers = HashSet::new();
        let mut pool = Vec::new();
        for seed in seeds {
            answers.insert(self.check(&seed, &watched, &answer));
            pool.push(seed);
        }
        let mut dice = dice();
        let cases = cases();
        for _ in 0..cases {
            let mut input = dice.one_of(&pool).clone();
            mutate(&mut input, &pool, self.longest, &mut dice);
            if answers.insert(self.check(&input, &watched, &answer)) && pool.len() < MOST {
                pool.push(input);
            }
        }
        println!("{}: {cases} inputs, {} kinds of answer", self.name, answers.len());
    }

    /// The kind of the answer: its words, without numbers and what is quoted of the input.
    fn check(&self, input: &[u8], watched: &Watch, answer: &impl Fn(&[u8]) -> String) -> u64 {
        watched.begin(input);
        let (answered, most) = meter::most(|| catch_unwind(AssertUnwindSafe(|| answer(input))));
        let allowed = self.memory.0 + self.memory.1 * input.len();
        let Ok(answer) = answered else { panic!("the input is kept in {}", self.keep(input).display()) };
        assert!(most <= allowed, "{most} bytes taken, {allowed} allowed, for {}", self.keep(input).display());
        let mut hash = DefaultHasher::new();
        let words = answer.split(['"', '\'', '<', '>']).step_by(2).flat_map(str::chars);
        words.filter(|character| !character.is_ascii_digit()).take(60).for_each(|c| c.hash(&mut hash));
        hash.finish()
    }

    fn keep(&self, input: &[u8]) -> PathBuf {
        keep(self.name, input)
    }
}

/// Writes an input down, for the corpus.
pub fn keep(target: &str, input: &[u8]) -> PathBuf {
    let mut hash = DefaultHasher::new();
    input.hash(&mut hash);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(target);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{:016x}", hash.finish()));
    std::fs::write(&file, input).unwrap();
    file
}

/// Names an input that is not done with after a while.
pub struct Watch {
    current: Arc<Mutex<(u64, Vec<u8>)>>,
    _until: mpsc::Sender<()>,
}

impl Watch {
    pub fn start(target: &'static str) -> Self {
        let current = Arc::new(Mutex::new((0, Vec::new())));
        let (until, ended) = mpsc::channel();
        let seen = Arc::clone(&current);
        std::thread::spawn(move || {
            let (mut last, mut named) = (0, 0);
            while ended.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                let current = seen.lock().unwrap();
                if current.0 == last && named != last {
                    named = last;
                    eprintln!("{target}: this input takes long: {}", keep(target, &current.1).display());
                }
                last = current.0;
            }
        });
        Watch { current, _until: until }
    }

    pub fn begin(&self, input: &[u8]) {
        let mut current = self.current.lock().unwrap();
        current.0 += 1;
        current.1.clear();
        current.1.extend_from_slice(input);
    }
}
