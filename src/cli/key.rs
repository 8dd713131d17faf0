//! `propolis key`: the access keys that requests to Glue's API are signed with.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Failure;
use super::table::{self, format_time};
use crate::catalog::access_keys::random_session_token;
use crate::catalog::{AccessKeys, Credentials, NewAccessKey, now};
use crate::config::{Secret, Settings};
use crate::model::AccessKey;
use crate::store::database::Database;
use crate::store::managed::running_server;
use crate::vault::Vault;

/// Read from standard input at most: a secret and a token.
const MAX_INPUT: u64 = 64 << 10;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a key and prints it, with its secret, which is not shown again.
    Create(Create),
    /// Lists the keys, without their secrets.
    List,
    /// Takes a key out of use, within seconds.
    Disable {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Takes a disabled key into use again.
    Enable {
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct Create {
    /// The user whom its requests are made for, who then owns what they create.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The account that its requests belong to, 12 digits [default: the setting glue_account_id].
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Takes over a key that exists elsewhere; its secret is read from standard input.
    #[arg(long, value_name = "ID", requires = "secret_stdin")]
    id: Option<String>,
    /// Reads the secret from the first line of standard input, and with --session-token the token from the second.
    #[arg(long, requires = "id")]
    secret_stdin: bool,
    /// Has requests carry a session token too, as with temporary credentials of AWS.
    #[arg(long)]
    session_token: bool,
    /// How long it is good for, such as `12h` or `90d` [default: for ever].
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
}

pub async fn run(settings: Settings, command: KeyCommand) -> Result<ExitCode, Failure> {
    // The server that runs on the data directory has its Postgres, which serves this command as well.
    let running = settings.database_url.is_none() && running_server(&settings.data_dir).is_some();
    let database = if running { Database::of_running_server(&settings) } else { Database::open(&settings).await? };
    let outcome = with_database(&settings, &database, command).await;
    database.stop().await;
    print!("{}", outcome?);
    Ok(ExitCode::SUCCESS)
}

/// What the command has to say.
async fn with_database(settings: &Settings, database: &Database, command: KeyCommand) -> Result<String, Failure> {
    let store = database.store(settings).await?;
    let vault = Vault::new(settings.secret_key.clone(), settings.secret_key_file.clone());
    let keys = AccessKeys::new(store.clone(), vault);
    let outcome = match command {
        KeyCommand::Create(create) => match new_key(create) {
            Ok(new) => keys.create(new).await.map(|key| created(&key)).map_err(Failure::from),
            Err(error) => Err(error),
        },
        KeyCommand::List => keys.list().await.map(|keys| listed(&keys, now())).map_err(Failure::from),
        KeyCommand::Disable { id } => set_disabled(&keys, &id, true).await,
        KeyCommand::Enable { id } => set_disabled(&keys, &id, false).await,
    };
    store.close().await;
    outcome
}

fn new_key(create: Create) -> Result<NewAccessKey, Failure> {
    let (mut secret, mut session_token) = (None, None);
    if create.secret_stdin {
        let mut input = String::new();
        std::io::stdin().take(MAX_INPUT).read_to_string(&mut input)?;
        let mut lines = input.lines().map(str::trim);
        let mut next = |what| {
            let line = lines.next().filter(|line| !line.is_empty());
            line.map(Secret::new).ok_or_else(|| format!("standard input holds no {what}"))
        };
        secret = Some(next("secret on its first line")?);
        if create.session_token {
            session_token = Some(next("session token on its second line")?);
        }
    } else if create.session_token {
        session_token = Some(random_session_token()?);
    }
    Ok(NewAccessKey {
        id: create.id,
        secret,
        session_token,
        account_id: create.account,
        user_name: create.user,
        lifetime: create.expires,
    })
}

/// As variables, which SDKs read, and which files of credentials hold in lower case.
fn created(credentials: &Credentials) -> String {
    let mut text =
        format!("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n", credentials.key.id, credentials.secret.reveal());
    if let Some(token) = &credentials.session_token {
        text += &format!("AWS_SESSION_TOKEN={}\n", token.reveal());
    }
    text
}

async fn set_disabled(keys: &AccessKeys, id: &str, disabled: bool) -> Result<String, Failure> {
    keys.set_disabled(id, disabled).await?;
    Ok(format!("{id} is {} within seconds.\n", if disabled { "out of use" } else { "in use again" }))
}

fn listed(keys: &[AccessKey], now: i64) -> String {
    let mut rows = vec![["ID", "STATE", "USER", "ACCOUNT", "CREATED", "EXPIRES", "LAST USED"].map(str::to_owned)];
    rows.extend(keys.iter().map(|key| {
        let state = match key {
            AccessKey { disabled: true, .. } => "disabled",
            AccessKey { expires_at: Some(end), .. } if *end <= now => "expired",
            _ => "active",
        };
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let time = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), format_time);
        [
            key.id.clone(),
            state.to_owned(),
            or_dash(&key.user_name),
            or_dash(&key.account_id),
            format_time(key.created_at),
            time(key.expires_at),
            time(key.last_used_at),
        ]
    }));
    table::text(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_listed_with_what_became_of_them() {
        let key = |id: &str, disabled, expires_at| AccessKey {
            id: id.to_owned(),
            account_id: None,
            user_name: Some("ann".to_owned()),
            disabled,
            created_at: 1_795_564_612,
            expires_at,
            last_used_at: None,
        };
        let keys = [
            key("PKABCDEFGHIJKLMNOPQR", false, Some(1_795_564_613)),
            AccessKey { account_id: Some("123456789012".to_owned()), ..key("FOOBARKEY", true, None) },
            AccessKey { last_used_at: Some(1_795_564_612), ..key("LATE", false, Some(i64::MAX)) },
        ];
        insta::assert_snapshot!(listed(&keys, 1_795_564_613), @r"
        ID                    STATE     USER  ACCOUNT       CREATED               EXPIRES               LAST USED
        PKABCDEFGHIJKLMNOPQR  expired   ann   -             2026-11-24T23:56:52Z  2026-11-24T23:56:53Z  -
        FOOBARKEY             disabled  ann   123456789012  2026-11-24T23:56:52Z  -                     -
        LATE                  active    ann   -             2026-11-24T23:56:52Z  9223372036854775807   2026-11-24T23:56:52Z
        ");
    }
}
