//! Files from Maven Central, by the Ivy that Spark brings along.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{cache, java, python};

/// Ivy's own Maven repository, without reading poms: one named file is wanted and nothing that it depends on.
const SETTINGS: &str = r#"<ivysettings>
  <settings defaultResolver="maven"/>
  <resolvers><ibiblio name="maven" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
"#;

/// Gets the file `NAME-VERSION.EXT` of a Maven artifact into `folder`; its path.
pub fn get(folder: &Path, group: &str, name: &str, version: &str, ext: &str) -> Result<PathBuf> {
    let artifact = format!(r#"<artifact name="{name}" type="{ext}" ext="{ext}"/>"#);
    retrieve(folder, &dependency(group, name, version, &artifact))?;
    Ok(folder.join(format!("{name}-{version}.{ext}")))
}

/// Gets jars, each as `GROUP:NAME:VERSION` or `GROUP:NAME:VERSION:CLASSIFIER`, into `folder`.
pub fn get_all(folder: &Path, jars: &[String]) -> Result<()> {
    // Of one version there may be jars with and without classifiers.
    let mut artifacts: BTreeMap<[&str; 3], String> = BTreeMap::new();
    for jar in jars {
        let (of, classifier) = coordinates(jar)?;
        let classifier = classifier.map(|text| format!(r#" m:classifier="{text}""#)).unwrap_or_default();
        let artifact = format!(r#"<artifact name="{}" type="jar" ext="jar"{classifier}/>"#, of[1]);
        artifacts.entry(of).or_default().push_str(&artifact);
    }
    let dependencies: Vec<String> = artifacts
        .iter()
        .map(|([group, name, version], artifacts)| dependency(group, name, version, artifacts))
        .collect();
    retrieve(folder, &dependencies.concat())
}

/// What [`get_all`] names the file of a jar.
pub fn file_name(jar: &str) -> Result<String> {
    let ([_, name, version], classifier) = coordinates(jar)?;
    Ok(format!("{name}-{version}{}.jar", classifier.map(|text| format!("-{text}")).unwrap_or_default()))
}

fn coordinates(jar: &str) -> Result<([&str; 3], Option<&str>)> {
    match jar.split(':').collect::<Vec<_>>()[..] {
        [group, name, version] => Ok(([group, name, version], None)),
        [group, name, version, classifier] => Ok(([group, name, version], Some(classifier))),
        _ => bail!("{jar:?} is not GROUP:NAME:VERSION or GROUP:NAME:VERSION:CLASSIFIER"),
    }
}

fn dependency(group: &str, name: &str, version: &str, artifacts: &str) -> String {
    format!(
        r#"<dependency org="{group}" name="{name}" rev="{version}" conf="default->default">{artifacts}</dependency>"#
    )
}

fn retrieve(folder: &Path, dependencies: &str) -> Result<()> {
    let work = tempfile::tempdir_in(folder)?;
    let module = format!(
        r#"<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="propolis" module="compat-tests"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>{dependencies}</dependencies>
</ivy-module>
"#
    );
    fs::write(work.path().join("settings.xml"), SETTINGS)?;
    fs::write(work.path().join("ivy.xml"), module)?;
    python::run(
        Command::new(java::home("Ivy", 17..=u32::MAX)?.join("bin/java"))
            .arg("-jar")
            .arg(ivy_jar()?)
            .args(["-settings", "settings.xml", "-ivy", "ivy.xml", "-cache", "cache", "-retrieve"])
            .arg(folder.join("[artifact]-[revision](-[classifier]).[ext]"))
            .current_dir(work.path()),
    )
}

fn ivy_jar() -> Result<PathBuf> {
    let interpreter = python::clients()?;
    let output = Command::new(interpreter).args(["-c", "import pyspark; print(pyspark.__path__[0])"]).output()?;
    let jars = PathBuf::from(String::from_utf8(output.stdout)?.trim()).join("jars");
    let mut entries = fs::read_dir(&jars).with_context(|| format!("Spark has no {}", jars.display()))?.flatten();
    let ivy = entries.find(|entry| entry.file_name().to_string_lossy().starts_with("ivy-"));
    Ok(ivy.with_context(|| format!("there is no Ivy in {}", jars.display()))?.path())
}

/// Iceberg's runtime for Spark 3.5.
pub fn iceberg_jar() -> Result<PathBuf> {
    let (name, version) = ("iceberg-spark-runtime-3.5_2.12", "1.12.0");
    let folder =
        cache::once(name, version, |folder| get(folder, "org.apache.iceberg", name, version, "jar").map(drop))?;
    Ok(folder.join(format!("{name}-{version}.jar")))
}
