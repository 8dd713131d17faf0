//! Crawlers: what is to be looked through for tables, how, and when. They are kept; nothing crawls yet.

mod check;
mod schedule;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::simulation;
use super::crawls::{self, Crawl, already_running, last_two};
use super::kept::{Kept, Object, Which, answer, described, list, names, paged, take, take_tags, text};
use crate::model::Resource;

pub use schedule::{start_crawler_schedule, stop_crawler_schedule, update_crawler_schedule};

pub const CRAWLER: Kept = Kept {
    kind: "crawler",
    missing: "Crawler {} not found.",
    exists: "Crawler already exists.",
    parts: &[crawls::KIND],
};

pub async fn create_crawler(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    check::classifiers(call, &list(&input, "Classifiers")).await?;
    let document = changed(Object::new(), input);
    check::crawler(call, &document)?;
    CRAWLER.create(call, &name, document, &tags).await?;
    Ok(Object::new())
}

/// Members that are not given stay as they are; empty ones are removed.
pub async fn update_crawler(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    check::classifiers(call, &list(&input, "Classifiers")).await?;
    if latest(call, &name).await?.is_some_and(|crawl| crawl.is_under_way()) {
        return Err(already_running(&name).into());
    }
    let change = |stored: Resource| {
        let document = changed(stored.document, input);
        check::crawler(call, &document)?;
        Ok(document)
    };
    CRAWLER.update(call, &name, change).await?;
    Ok(Object::new())
}

pub async fn get_crawler(call: &Call, input: Object) -> Result<Object> {
    let stored = CRAWLER.get(call, text(&input, "Name")).await?;
    let mut described = describe(call, vec![stored]).await?;
    Ok(answer("Crawler", described.pop()))
}

pub async fn get_crawlers(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = CRAWLER.list(call, &Which::read(&input)?).await?;
    Ok(paged("Crawlers", describe(call, stored).await?, token))
}

pub async fn batch_get_crawlers(call: &Call, input: Object) -> Result<Object> {
    let (found, missing) = CRAWLER.named(call, &list(&input, "CrawlerNames")).await?;
    let mut output = answer("Crawlers", describe(call, found).await?);
    output.insert("CrawlersNotFound".to_owned(), json!(missing));
    Ok(output)
}

pub async fn list_crawlers(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = CRAWLER.list(call, &Which::read(&input)?).await?;
    Ok(paged("CrawlerNames", names(stored), token))
}

/// With all its crawls; one in pretence that is under way ends by it.
pub async fn delete_crawler(call: &Call, input: Object) -> Result<Object> {
    CRAWLER.delete_existing(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

pub async fn start_crawler(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    CRAWLER.get(call, name).await?;
    let latest = latest(call, name).await?;
    if latest.as_ref().is_some_and(Crawl::is_under_way) {
        return Err(already_running(name).into());
    }
    simulation::allowed(call, "crawlers")?;
    simulation::crawls::start(call, name, latest.map_or(1, |latest| latest.number + 1)).await?;
    Ok(Object::new())
}

pub async fn stop_crawler(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    CRAWLER.get(call, name).await?;
    let Some(crawl) = latest(call, name).await?.filter(Crawl::is_under_way) else {
        let message = format!("Crawler with name {name} isn't running");
        return Err(Exception::new("CrawlerNotRunningException", message).into());
    };
    if crawl.stopping {
        let message = format!("Crawler with name {name} is stopping already");
        return Err(Exception::new("CrawlerStoppingException", message).into());
    }
    simulation::crawls::stop(call, name, &crawl).await?;
    Ok(Object::new())
}

/// Of the crawlers that are named, or of all. Names of none are passed over.
pub async fn get_crawler_metrics(call: &Call, input: Object) -> Result<Object> {
    let wanted = list(&input, "CrawlerNameList");
    let keep = (!wanted.is_empty()).then_some(|stored: &Resource| wanted.contains(&stored.name));
    let (stored, token) = CRAWLER.list_where(call, &Which::read(&input)?, keep).await?;
    let mut metrics = Vec::new();
    for crawler in stored {
        let crawls = crawls::all(call, &crawler.name).await?;
        let mut seconds: Vec<f64> = crawls.iter().filter(|crawl| !crawl.is_under_way()).map(Crawl::seconds).collect();
        let last = seconds.first().copied().unwrap_or_default();
        seconds.sort_by(f64::total_cmp);
        metrics.push(json!({
            "CrawlerName": crawler.name,
            "TimeLeftSeconds": 0.0,
            "StillEstimating": false,
            "LastRuntimeSeconds": last,
            "MedianRuntimeSeconds": seconds.get(seconds.len() / 2).copied().unwrap_or_default(),
            "TablesCreated": 0,
            "TablesUpdated": 0,
            "TablesDeleted": 0,
        }));
    }
    Ok(paged("CrawlerMetricsList", metrics, token))
}

async fn latest(call: &Call, crawler: &str) -> Result<Option<Crawl>> {
    let mut crawls = last_two(call, &[crawler.to_owned()]).await?;
    Ok(crawls.remove(crawler).and_then(|crawls| crawls.into_iter().next()))
}

/// A definition with changes. The schedule is kept as the answer shows it.
fn changed(mut document: Object, changes: Object) -> Object {
    for (member, value) in changes {
        match (member.as_str(), value) {
            ("Schedule", Value::String(expression)) => schedule::set(&mut document, &expression),
            (_, Value::String(text)) if text.is_empty() => {
                document.remove(&member);
            }
            (_, value) => {
                document.insert(member, value);
            }
        }
    }
    document
}

/// Crawlers as they are answered.
async fn describe(call: &Call, stored: Vec<Resource>) -> Result<Vec<Value>> {
    let names: Vec<String> = stored.iter().map(|stored| stored.name.clone()).collect();
    let crawls = last_two(call, &names).await?;
    let described = stored.into_iter().map(|stored| {
        let crawls = crawls.get(&stored.name).map_or(&[][..], Vec::as_slice);
        with_state(stored, crawls)
    });
    let described = described.collect();
    looked_at(call, &crawls).await?;
    Ok(described)
}

async fn looked_at(call: &Call, crawls: &BTreeMap<String, Vec<Crawl>>) -> Result<()> {
    for (crawler, crawls) in crawls {
        simulation::crawls::looked_at(call, crawler, crawls).await?;
    }
    Ok(())
}

/// A crawler with its state, by its last crawls, the newest first.
fn with_state(mut stored: Resource, crawls: &[Crawl]) -> Value {
    let running = crawls.first().filter(|crawl| crawl.is_under_way());
    let state = match running {
        None => "READY",
        Some(crawl) if crawl.stopping => "STOPPING",
        Some(_) => "RUNNING",
    };
    let elapsed = running.map_or(0, |crawl| (crawl.seconds() * 1000.0) as i64);
    let last = crawls.iter().find(|crawl| !crawl.is_under_way());
    let version = stored.version;
    let document = &mut stored.document;
    document.insert("Version".to_owned(), json!(version));
    document.insert("State".to_owned(), json!(state));
    document.insert("CrawlElapsedTime".to_owned(), json!(elapsed));
    document.insert("LastCrawl".to_owned(), last.map_or(Value::Null, last_crawl));
    described(stored, "Name", "CreationTime", "LastUpdated")
}

fn last_crawl(crawl: &Crawl) -> Value {
    use propolis_glue_api::types::CrawlerHistoryState::{Completed, Failed, Running, Stopped};
    let history = &crawl.history;
    let status = match history.state.unwrap_or_default() {
        Completed => "SUCCEEDED",
        Stopped => "CANCELLED",
        Failed | Running => "FAILED",
    };
    json!({
        "Status": status,
        "StartTime": history.start_time,
        "ErrorMessage": history.error_message,
        "LogGroup": history.log_group,
        "LogStream": history.log_stream,
        "MessagePrefix": history.message_prefix,
    })
}
