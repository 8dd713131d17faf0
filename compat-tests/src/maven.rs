//! Files from Maven Central, by the Ivy that Spark brings along.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{cache, java, python};

/// Ivy's own Maven repository, without reading poms: one named file is wanted and nothing that it depends on.
const SETTINGS: &str = r#"<ivysettings>
  <settings defaultResolver="maven"/>
  <resolvers><ibiblio name="maven" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
"#;

/// Gets the file `NAME-VERSION.EXT` of a Maven artifact into `folder`; its path.
pub fn get(folder: &Path, group: &str, name: &str, version: &str, ext: &str) -> Result<PathBuf> {
    let work = tempfile::tempdir_in(folder)?;
    let module = format!(
        r#"<ivy-module version="2.0">
  <info organisation="propolis" module="compat-tests"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
    <dependency org="{group}" name="{name}" rev="{version}" conf="default->default">
      <artifact name="{name}" type="{ext}" ext="{ext}"/>
    </dependency>
  </dependencies>
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
            .arg(folder.join("[artifact]-[revision].[ext]"))
            .current_dir(work.path()),
    )?;
    Ok(folder.join(format!("{name}-{version}.{ext}")))
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
