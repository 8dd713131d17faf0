//! Crawls: what crawlers did. They are numbered in the order of their starts, and a number is given once: two starts at
//! the same time cannot both succeed.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use propolis_glue_api::types::{
    CrawlerHistory, CrawlerHistoryState, CrawlsFilter, FieldName, FilterOperator, ListCrawlsRequest, ListCrawlsResponse,
};
use propolis_glue_api::{Constraint, Invalid, OperationInfo, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, from_value, to_value};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::page::Page;
use super::super::simulation;
use super::crawlers::CRAWLER;
use super::kept::Object;
use crate::catalog::Listing;
use crate::error::ErrorKind;
use crate::model::{Resource, ResourceKey};

pub const KIND: &str = "crawl";

/// Crawls of a page, where the request does not say.
const PAGE: usize = 20;

/// A crawl, under way or ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Crawl {
    /// Grows with each start of the crawler.
    #[serde(skip)]
    pub number: u64,
    #[serde(flatten)]
    pub history: CrawlerHistory,
    /// Whether it was asked to stop.
    #[serde(rename = "Stopping")]
    pub stopping: bool,
}

impl Crawl {
    pub fn is_under_way(&self) -> bool {
        self.history.end_time.is_none()
    }

    /// Seconds that it took, or takes already.
    pub fn seconds(&self) -> f64 {
        let started = self.history.start_time.unwrap_or_default();
        let ended = self.history.end_time.unwrap_or_else(now);
        (ended.0 - started.0).max(0.0)
    }

    /// CrawlerRunningException where there is one of this number already.
    pub async fn begin(&self, call: &Call, crawler: &str) -> Result<()> {
        let key = key(call, crawler, self.number);
        let created = call.catalog.create_resource(&key, self.document(), &BTreeMap::new()).await;
        created.map(|_| ()).map_err(|error| match error.kind {
            ErrorKind::AlreadyExists => already_running(crawler).into(),
            _ => error.into(),
        })
    }

    /// Changes it while it is under way; what has ended stays as it is.
    pub async fn change(&self, call: &Call, crawler: &str, change: impl FnOnce(&mut Self) + Send) -> Result<()> {
        let changed = |stored: Resource| -> Result<Object> {
            match Self::read(&stored) {
                Some(mut crawl) if crawl.is_under_way() => {
                    change(&mut crawl);
                    Ok(crawl.document())
                }
                _ => Ok(stored.document),
            }
        };
        call.catalog.update_resource(&key(call, crawler, self.number), changed).await?;
        Ok(())
    }

    /// None for a document that is no crawl.
    pub fn read(stored: &Resource) -> Option<Self> {
        let crawl: Self = from_value(Value::Object(stored.document.clone())).ok()?;
        Some(Self { number: stored.name.parse().ok()?, ..crawl })
    }

    fn document(&self) -> Object {
        match to_value(self) {
            Ok(Value::Object(document)) => document,
            _ => Object::new(),
        }
    }
}

fn key(call: &Call, crawler: &str, number: u64) -> ResourceKey {
    // Of one length, so that they are in order as texts too.
    ResourceKey::part_of(&call.scope(), KIND, crawler, &format!("{number:010}"))
}

pub fn already_running(crawler: &str) -> Exception {
    Exception::new("CrawlerRunningException", format!("Crawler with name {crawler} has already started"))
}

/// To the microsecond.
pub fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_micros());
    Timestamp(micros as f64 / 1e6)
}

/// The last two crawls of each of these crawlers, the newest first.
pub async fn last_two(call: &Call, crawlers: &[String]) -> Result<BTreeMap<String, Vec<Crawl>>> {
    let stored = call.catalog.latest_parts(&call.scope(), KIND, crawlers, 2).await?;
    let mut crawls: BTreeMap<String, Vec<Crawl>> = BTreeMap::new();
    for stored in stored {
        if let Some(crawl) = Crawl::read(&stored) {
            crawls.entry(stored.parent).or_default().push(crawl);
        }
    }
    Ok(crawls)
}

/// All crawls of a crawler, the newest first.
pub async fn all(call: &Call, crawler: &str) -> Result<Vec<Crawl>> {
    let which = Listing { parent: Some(crawler), ..Listing::default() };
    let stored = call.catalog.resources(&call.scope(), KIND, which).await?;
    Ok(stored.iter().rev().filter_map(Crawl::read).collect())
}

pub async fn list_crawls(call: &Call, input: ListCrawlsRequest) -> Result<ListCrawlsResponse> {
    let crawler = input.crawler_name;
    let filters = input.filters.unwrap_or_default().into_iter().map(Filter::read).collect::<Result<Vec<_>>>()?;
    if call.catalog.resource(&CRAWLER.key(call, &crawler)).await?.is_none() {
        return Err(Exception::not_found(format!("Crawler entry with name {crawler} does not exist")).into());
    }
    let page = Page::<u64>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let mut crawls = all(call, &crawler).await?;
    crawls.retain(|crawl| {
        page.after.is_none_or(|after| crawl.number < after) && filters.iter().all(|filter| filter.lets_through(crawl))
    });
    let next_token = page.cut(&mut crawls, |crawl| crawl.number);
    simulation::crawls::looked_at(call, &crawler, &crawls).await?;
    let crawls = crawls.into_iter().map(|crawl| crawl.history).collect();
    Ok(ListCrawlsResponse { crawls: Some(crawls), next_token })
}

/// A condition on crawls.
enum Filter {
    /// Equal, or not.
    Id(String, bool),
    /// Equal, or not.
    State(CrawlerHistoryState, bool),
    /// Seconds since the epoch.
    Start(FilterOperator, f64),
    /// Seconds since the epoch; a crawl under way has no end, which is then true of no condition.
    End(FilterOperator, f64),
    DpuHour(FilterOperator, f64),
}

impl Filter {
    fn read(filter: CrawlsFilter) -> Result<Self> {
        let CrawlsFilter { field_name: Some(field), filter_operator: Some(operator), field_value: Some(value) } =
            filter
        else {
            return Err(Exception::invalid_input(format!(
                "Invalid Filter Provided: FieldName: {}, FilterOperator: {}, FieldValue: {}",
                filter.field_name.map_or("null", FieldName::as_str),
                filter.filter_operator.map_or("null", FilterOperator::as_str),
                filter.field_value.as_deref().unwrap_or("null"),
            ))
            .into());
        };
        let invalid = |expected: &str| {
            Exception::invalid_input(format!("FieldValue {value} of the filter on {field} is not {expected}"))
        };
        let equal = match (field, operator) {
            (_, FilterOperator::Eq) => true,
            (_, FilterOperator::Ne) => false,
            (FieldName::CrawlId | FieldName::State, _) => {
                let message = format!("Only EQ or NE operator is allowed for field : {field}");
                return Err(Exception::invalid_input(message).into());
            }
            _ => false,
        };
        Ok(match field {
            FieldName::CrawlId => Self::Id(value, equal),
            FieldName::State => {
                let state =
                    value.parse().map_err(|_| invalid(&format!("one of {}", CrawlerHistoryState::ALL.join(", "))))?;
                Self::State(state, equal)
            }
            FieldName::StartTime | FieldName::EndTime => {
                let time = time(&value)
                    .ok_or_else(|| invalid("a time: milliseconds since the epoch, or 2026-01-31T12:00:00 in UTC"))?;
                if field == FieldName::StartTime { Self::Start(operator, time) } else { Self::End(operator, time) }
            }
            FieldName::DpuHour => Self::DpuHour(operator, value.parse().map_err(|_| invalid("a number"))?),
        })
    }

    fn lets_through(&self, crawl: &Crawl) -> bool {
        let history = &crawl.history;
        match self {
            Self::Id(id, equal) => (history.crawl_id.as_ref() == Some(id)) == *equal,
            Self::State(state, equal) => (history.state == Some(*state)) == *equal,
            Self::Start(operator, time) => history.start_time.is_some_and(|start| compare(start.0, *operator, *time)),
            Self::End(operator, time) => history.end_time.is_some_and(|end| compare(end.0, *operator, *time)),
            Self::DpuHour(operator, hours) => compare(history.dpu_hour.unwrap_or_default(), *operator, *hours),
        }
    }
}

fn compare(left: f64, operator: FilterOperator, right: f64) -> bool {
    match operator {
        FilterOperator::Gt => left > right,
        FilterOperator::Ge => left >= right,
        FilterOperator::Lt => left < right,
        FilterOperator::Le => left <= right,
        FilterOperator::Eq => left == right,
        FilterOperator::Ne => left != right,
    }
}

/// Seconds since the epoch of a time as clients write it.
fn time(text: &str) -> Option<f64> {
    if let Ok(millis) = text.parse::<i64>() {
        return Some(millis as f64 / 1000.0);
    }
    let utc = text.strip_suffix("+00:00").unwrap_or(text);
    let time = humantime::parse_rfc3339_weak(utc).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// The service tells of a wrong filter in the words of its own for it, and names the values in another order than the
/// model does.
pub fn invalid(operation: &OperationInfo, invalid: &Invalid) -> Option<Exception> {
    let Invalid::Constraints(violations) = invalid else { return None };
    let violation = violations.first().filter(|_| operation.name == "ListCrawls")?;
    let values = match (violation.shape, &violation.constraint) {
        ("FilterOperator", Constraint::Values(_)) => "LT, EQ, GT, NE, LE, GE",
        ("FieldName", Constraint::Values(_)) => "START_TIME, END_TIME, STATE, CRAWL_ID, DPU_HOUR",
        _ => return None,
    };
    Some(Exception::validation(format!(
        "Value '{}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{values}]",
        violation.value, violation.path
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_clients_write_them() {
        let time_of = |text| time(text).map(|seconds| (seconds * 1000.0).round());
        for text in
            ["1785412800500", "2026-07-30T12:00:00.5", "2026-07-30T12:00:00.500000+00:00", "2026-07-30 12:00:00.5Z"]
        {
            assert_eq!(time_of(text), Some(1_785_412_800_500.0), "{text}");
        }
        for text in ["", "yesterday", "12:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_much(text in "[0-9T:.+-]*|.*") {
            let _ = time(&text);
        }
    }
}
