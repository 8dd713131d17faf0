//! A pretended crawl is under way until somebody looked at it: the answer still shows it so, and after it it has ended.

use propolis_glue_api::types::{CrawlerHistory, CrawlerHistoryState};
use uuid::Uuid;

use super::super::call::Call;
use super::super::error::Result;
use super::super::ops::crawls::{Crawl, now};

/// Begins a crawl of this number. CrawlerRunningException where somebody else was quicker.
pub async fn start(call: &Call, crawler: &str, number: u64) -> Result<()> {
    let id = Uuid::new_v4().to_string();
    let history = CrawlerHistory {
        state: Some(CrawlerHistoryState::Running),
        start_time: Some(now()),
        dpu_hour: Some(0.0),
        log_group: Some("/aws-glue/crawlers".to_owned()),
        log_stream: Some(crawler.to_owned()),
        message_prefix: Some(id.clone()),
        crawl_id: Some(id),
        ..CrawlerHistory::default()
    };
    Crawl { number, history, stopping: false }.begin(call, crawler).await
}

/// Asks a crawl to stop.
pub async fn stop(call: &Call, crawler: &str, crawl: &Crawl) -> Result<()> {
    crawl.change(call, crawler, |crawl| crawl.stopping = true).await
}

/// Ends those of the crawls that were shown under way.
pub async fn looked_at(call: &Call, crawler: &str, shown: &[Crawl]) -> Result<()> {
    for crawl in shown.iter().filter(|crawl| crawl.is_under_way()) {
        let end = |crawl: &mut Crawl| {
            let state = if crawl.stopping { CrawlerHistoryState::Stopped } else { CrawlerHistoryState::Completed };
            crawl.history.state = Some(state);
            crawl.history.end_time = Some(now());
        };
        crawl.change(call, crawler, end).await?;
    }
    Ok(())
}
