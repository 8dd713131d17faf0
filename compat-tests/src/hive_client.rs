//! Hive's own metastore client: the program in `clients/hive-client`, compiled against a release of it.
//!
//! The folders there are the releases that what is in them is for; the classes in them but for a few are nouns of the
//! catalog, and the program goes through those that its release knows.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workload::Workload;
use crate::{cache, java, maven, python};

/// A release of Hive, and what its client needs.
#[derive(Debug, Clone, Copy)]
pub struct Release {
    pub version: &'static str,
    /// Folders of `clients/hive-client`.
    folders: &'static [&'static str],
    java: (u32, u32),
    jars: &'static [&'static str],
    /// The version of Hadoop's shaded client; the oldest release knows none.
    hadoop: Option<&'static str>,
}

/// Those that are tested, the oldest first.
pub const RELEASES: [Release; 5] = [
    Release {
        version: "1.2.2",
        folders: &["all", "1", "trees", "until-2"],
        java: (17, 22),
        jars: &[
            "org.apache.hive:hive-metastore:1.2.2",
            "org.apache.flink:flink-shaded-hadoop-2-uber:2.8.3-10.0",
            "org.apache.thrift:libfb303:0.9.2",
            "ch.qos.reload4j:reload4j:1.2.25",
            "commons-pool:commons-pool:1.5.4",
            "commons-dbcp:commons-dbcp:1.4",
        ],
        hadoop: None,
    },
    Release {
        version: "2.3.10",
        folders: &["all", "2", "trees", "until-2", "from-2"],
        java: (17, 22),
        jars: &[],
        hadoop: Some("3.3.6"),
    },
    // What writes its expressions runs on Java 8 alone.
    Release {
        version: "3.1.3",
        folders: &["all", "3", "from-2", "from-3"],
        java: (17, 22),
        jars: &["org.apache.thrift:libfb303:0.9.3"],
        hadoop: Some("3.3.6"),
    },
    Release {
        version: "4.0.1",
        folders: &["all", "4", "trees", "from-2", "from-3", "from-4"],
        java: (17, 22),
        jars: &HTTP,
        hadoop: Some("3.3.6"),
    },
    Release {
        version: "4.2.0",
        folders: &["all", "4", "trees", "from-2", "from-3", "from-4"],
        java: (21, u32::MAX),
        jars: &HTTP,
        hadoop: Some("3.5.0"),
    },
];

const HTTP: [&str; 2] = ["org.apache.httpcomponents:httpclient:4.5.14", "org.apache.httpcomponents:httpcore:4.4.16"];

const ALL: [&str; 6] = [
    "commons-lang:commons-lang:2.6",
    "org.apache.commons:commons-lang3:3.12.0",
    "commons-logging:commons-logging:1.2",
    "com.google.guava:guava:19.0",
    "org.slf4j:slf4j-api:1.7.36",
    "org.slf4j:slf4j-nop:1.7.36",
];

/// What Kryo looks into.
const OPENED: [&str; 12] = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.math",
    "java.net",
    "java.nio",
    "java.text",
    "java.time",
    "java.util",
    "java.util.concurrent",
    "java.util.regex",
    "sun.util.calendar",
];

/// Classes that are no nouns.
const FRAME: [&str; 3] = ["Main", "Noun", "Release"];

impl Release {
    /// The workload `name`.
    pub fn workload(&self, name: &str) -> Result<Workload> {
        let home = java::home(&format!("Hive's client {}", self.version), self.java())?;
        let path = self.class_path()?;
        let sources = self.sources()?;
        let classes = self.classes(&home, &path, &sources)?;
        let nouns: Vec<&str> = sources.iter().filter_map(|(file, _)| noun(file)).collect();
        let opens = OPENED.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED\n")).concat();
        // Java reads its arguments from a file.
        let arguments = classes.with_extension("arguments");
        fs::write(
            &arguments,
            format!(
                "{opens}--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED\n-cp \"{}:{path}\"\nMain\n{}\n",
                classes.display(),
                nouns.join("\n")
            ),
        )?;
        Ok(Workload::of(name, home.join("bin/java"), Some(format!("@{}", arguments.display()).into())))
    }

    fn java(&self) -> RangeInclusive<u32> {
        self.java.0..=self.java.1
    }

    fn class_path(&self) -> Result<String> {
        let hadoop = self.hadoop.into_iter().flat_map(|version| {
            ["api", "runtime"].map(|part| format!("org.apache.hadoop:hadoop-client-{part}:{version}"))
        });
        let jars: Vec<String> = [format!("org.apache.hive:hive-exec:{}", self.version)]
            .into_iter()
            .chain(self.jars.iter().chain(&ALL).map(|jar| (*jar).to_owned()))
            .chain(hadoop)
            .collect();
        let name = format!("hive-client-{}", self.version);
        let folder = cache::once(&name, &jars.join(" "), |folder| maven::get_all(folder, &jars))?;
        let paths = jars.iter().map(|jar| Ok(folder.join(maven::file_name(jar)?).display().to_string()));
        Ok(paths.collect::<Result<Vec<_>>>()?.join(":"))
    }

    /// Files and what is in them.
    fn sources(&self) -> Result<Vec<(PathBuf, String)>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/hive-client");
        let mut sources = Vec::new();
        for folder in self.folders {
            let folder = root.join(folder);
            let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
            for entry in entries {
                let file = entry?.path();
                let text = fs::read_to_string(&file)?;
                sources.push((file, text));
            }
        }
        sources.sort();
        Ok(sources)
    }

    fn classes(&self, home: &Path, path: &str, sources: &[(PathBuf, String)]) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        (home, path, sources).hash(&mut hasher);
        let name = format!("hive-client-{}-classes", self.version);
        cache::once(&name, &format!("classes {:016x}", hasher.finish()), |folder| {
            python::run(
                Command::new(home.join("bin/javac"))
                    .args(["-nowarn", "-Xlint:none", "-cp", path, "-d"])
                    .arg(folder)
                    .args(sources.iter().map(|(file, _)| file)),
            )
        })
    }
}

/// The noun that a file is about.
fn noun(file: &Path) -> Option<&str> {
    file.file_stem()?.to_str().filter(|class| !FRAME.contains(class))
}
