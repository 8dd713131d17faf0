//! `propolis user`: the users who log in on the Thrift port with a password that is kept here.

use std::io::Read;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use super::table::{self, format_time};
use crate::catalog::Users;
use crate::catalog::users::random_password;
use crate::config::{LoginMethod, Secret, Settings};
use crate::model::User;
use crate::store::database::Database;
use crate::store::managed::running_server;

/// Read from standard input at most.
const MAX_INPUT: u64 = 64 << 10;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a user, and prints the password unless it was given.
    Add(WithPassword),
    /// Gives a user another password, and prints it unless it was given. The old one is of no use within seconds.
    Password(WithPassword),
    /// Removes a user, who then cannot log in any more.
    Remove {
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Lists the users, without their passwords.
    List,
}

#[derive(Debug, Args)]
pub struct WithPassword {
    #[arg(value_name = "NAME")]
    name: String,
    /// Reads the password from the first line of standard input [default: one is made up].
    #[arg(long)]
    password_stdin: bool,
}

pub async fn run(settings: Settings, command: UserCommand) -> Result<ExitCode, Failure> {
    // The server that runs on the data directory has its Postgres, which serves this command as well.
    let running = settings.database_url.is_none() && running_server(&settings.data_dir).is_some();
    let database = if running { Database::of_running_server(&settings) } else { Database::open(&settings).await? };
    let outcome = with_database(&settings, &database, command).await;
    database.stop().await;
    print!("{}", outcome?);
    Ok(ExitCode::SUCCESS)
}

/// What the command has to say.
async fn with_database(settings: &Settings, database: &Database, command: UserCommand) -> Result<String, Failure> {
    let store = database.store(settings).await?;
    let outcome = async {
        let users = Users::new(store.clone())?;
        match command {
            UserCommand::Add(given) => {
                let password = given.password()?;
                users.add(&given.name, &password).await?;
                Ok(given.told(&password, settings))
            }
            UserCommand::Password(given) => {
                let password = given.password()?;
                users.set_password(&given.name, &password).await?;
                Ok(given.told(&password, settings))
            }
            UserCommand::Remove { name } => {
                users.remove(&name).await?;
                Ok(format!("{name} is removed, and cannot log in any more within seconds.\n"))
            }
            UserCommand::List => Ok(listed(&users.list().await?)),
        }
    };
    let outcome = outcome.await;
    store.close().await;
    outcome
}

impl WithPassword {
    fn password(&self) -> Result<Secret, Failure> {
        if !self.password_stdin {
            return Ok(random_password()?);
        }
        let mut input = String::new();
        std::io::stdin().take(MAX_INPUT).read_to_string(&mut input)?;
        let line = input.lines().next().filter(|line| !line.is_empty());
        Ok(Secret::new(line.ok_or("standard input holds no password on its first line")?))
    }

    fn told(&self, password: &Secret, settings: &Settings) -> String {
        let mut text = String::new();
        if !self.password_stdin {
            text += &format!("{}\n", password.reveal());
        }
        if !settings.thrift_auth.has(LoginMethod::Plain) {
            text += "The password is of use once `plain` is in the server's thrift_auth.\n";
        }
        text
    }
}

fn listed(users: &[User]) -> String {
    let heads = ["NAME", "CREATED", "PASSWORD SET"].map(str::to_owned);
    let rows =
        users.iter().map(|user| [user.name.clone(), format_time(user.created_at), format_time(user.password_set_at)]);
    table::text(std::iter::once(heads).chain(rows))
}
