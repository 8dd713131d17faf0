//! Which of several servers over one database does what one has to do.

use std::time::Duration;

use crate::error::Result;
use crate::store::{Connection, Transaction};

/// Key of the first advisory lock. Others take theirs from hashes, migrations from the database's name.
const KEY: i64 = 0x7072_6f70_6f6c_6973;

/// What one server does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Housekeeping,
    Cleaning,
    Initiating,
}

impl Job {
    /// The name in the database.
    fn as_str(self) -> &'static str {
        match self {
            Self::Housekeeping => "housekeeping",
            Self::Cleaning => "cleaning",
            Self::Initiating => "initiating",
        }
    }
}

/// Whether nobody else does this; then nobody does until the transaction ends.
pub async fn alone(transaction: &mut Transaction, job: Job) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "alone!""#, KEY + job as i64)
        .fetch_one(&mut **transaction)
        .await?)
}

/// Begins what is to be done every `interval` by whichever server: None where that was done lately, else the seconds
/// since it was begun before, if it ever was. Only for who is [`alone`].
pub async fn begin(connection: &mut Connection, job: Job, interval: Duration) -> Result<Option<Option<i64>>> {
    let row = sqlx::query_scalar!(
        r#"with before as (
               select begun_at from jobs where name = $1
           ), begun as (
               insert into jobs (name, begun_at) values ($1, clock_timestamp())
               on conflict (name) do update set begun_at = excluded.begun_at
                   where jobs.begun_at <= clock_timestamp() - make_interval(secs => $2)
               returning name
           )
           select ceil(extract(epoch from clock_timestamp() - before.begun_at))::bigint as "since?"
           from begun left join before on true"#,
        job.as_str(),
        // Rounds that come at their time are not put off for having come a little early.
        interval.as_secs_f64() * 0.9
    );
    Ok(row.fetch_optional(connection).await?)
}
