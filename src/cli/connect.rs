//! How to connect an engine, for the addresses and warehouses of this run.

use std::net::SocketAddr;

use crate::config::Settings;

/// The text that `serve` prints once it is ready.
pub fn text(settings: &Settings, thrift: SocketAddr, http: SocketAddr, database: &str) -> String {
    let uri = format!("thrift://{}", reachable(thrift));
    let warehouse = settings.warehouse.as_str();
    let s3 = settings.warehouse.scheme() != "file";
    let tls = settings.tls().is_some();

    let mut spark = vec![
        "spark.sql.catalogImplementation=hive".to_owned(),
        format!("spark.hadoop.hive.metastore.uris={uri}"),
        format!("spark.sql.warehouse.dir={}", warehouse.replacen("s3://", "s3a://", 1)),
    ];
    let mut trino =
        vec!["connector.name=hive".to_owned(), format!("hive.metastore.uri={uri}"), file_system(s3).to_owned()];
    if tls {
        spark.push("spark.hadoop.hive.metastore.use.SSL=true".to_owned());
        trino.push("hive.metastore.thrift.client.ssl.enabled=true".to_owned());
    }
    if s3 {
        if let Some(endpoint) = settings.s3_endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/')) {
            spark.push(format!("spark.hadoop.fs.s3a.endpoint={endpoint}"));
            trino.push(format!("s3.endpoint={endpoint}"));
        }
        if settings.s3_path_style.unwrap_or(settings.s3_endpoint.is_some()) {
            spark.push("spark.hadoop.fs.s3a.path.style.access=true".to_owned());
            trino.push("s3.path-style-access=true".to_owned());
        }
        if let Some(region) = &settings.s3_region {
            trino.push(format!("s3.region={region}"));
        }
    }

    let spark: Vec<_> = spark.iter().map(|line| format!("--conf {line}")).collect();
    let (spark, trino) = (spark.join(" \\\n      "), trino.join("\n      "));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "\
Propolis {version} is ready.
  Hive Metastore  {uri}
  health          {scheme}://{http}/readyz
  database        {database}
  warehouse       {warehouse}

Spark, as spark-sql, spark-shell or pyspark:
  spark-sql \\
      {spark}

Trino, in etc/catalog/hive.properties:
      {trino}

PyIceberg:
  load_catalog(\"propolis\", **{{\"type\": \"hive\", \"uri\": \"{uri}\", \"warehouse\": \"{warehouse}\"}})
",
        scheme = if tls { "https" } else { "http" },
        http = reachable(http)
    )
}

fn file_system(s3: bool) -> &'static str {
    if s3 { "fs.native-s3.enabled=true" } else { "fs.hadoop.enabled=true" }
}

/// An address to type on this machine; others put the machine's name in its place.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Flags;

    fn print(values: &[(&'static str, &str)]) -> String {
        let values = values.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        let settings = Settings::load(&Flags { config: None, values }).unwrap().settings;
        text(&settings, settings.thrift_addr, settings.http_addr, "in /srv/propolis")
    }

    #[test]
    fn local() {
        insta::assert_snapshot!(print(&[("data_dir", "/srv/propolis")]));
    }

    #[test]
    fn s3() {
        insta::assert_snapshot!(print(&[
            ("data_dir", "/srv/propolis"),
            ("thrift_addr", "0.0.0.0:9083"),
            ("warehouse", "s3://lake/warehouse/"),
            ("s3_endpoint", "http://127.0.0.1:9000"),
            ("s3_region", "eu-central-1"),
        ]));
    }
}
