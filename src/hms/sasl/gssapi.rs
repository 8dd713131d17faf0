//! GSSAPI (RFC 4752): a ticket of Kerberos, then a word on how the connection is protected.

use std::net::IpAddr;

use super::stream::Layer;
use super::{Step, refusal};
use crate::auth::login::Login;
use crate::auth::login::kerberos::Context;
use crate::config::{Protection, Protections};
use crate::error::CatalogError;

/// The largest protected message that is taken, as far as a client cares to ask: three bytes hold no more.
const MAX_RECEIVED: u32 = 0xff_ffff;
/// What protecting adds to a message, and more.
const OVERHEAD: usize = 1024;

/// An exchange under way.
pub struct Gssapi {
    /// None while a step has it, and after the last.
    context: Option<Context>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The ticket is being checked.
    Accepting,
    /// It is good; an empty message has to come.
    Accepted,
    /// The protections were offered.
    Offered,
}

impl Gssapi {
    pub fn new(context: Context) -> Self {
        Self { context: Some(context), state: State::Accepting }
    }

    pub async fn step(&mut self, login: &Login, from: IpAddr, response: &[u8]) -> Result<Step, CatalogError> {
        let mut context = self.context.take().ok_or_else(|| refusal("GSSAPI: the login is over"))?;
        match self.state {
            State::Accepting => {
                let token = response.to_vec();
                // Files are read and written: the key, and the list of tickets seen.
                let accepted =
                    tokio::task::spawn_blocking(move || context.accept(&token).map(|answer| (context, answer)));
                let (context, answer) = accepted
                    .await
                    .map_err(|error| CatalogError::internal("GSSAPI: a ticket could not be checked").caused_by(error))?
                    .map_err(|error| refusal(&format!("GSSAPI: {error}")))?;
                if context.client().is_some() {
                    self.state = State::Accepted;
                }
                let offer_now = context.client().is_some() && answer.is_empty();
                self.context = Some(context);
                if offer_now { self.offer(&login.protections) } else { Ok(Step::Challenge(answer)) }
            }
            State::Accepted => {
                self.context = Some(context);
                self.offer(&login.protections)
            }
            State::Offered => {
                let (choice, _) = context.unwrap(response).map_err(|error| refusal(&format!("GSSAPI: {error}")))?;
                let (choice, user) =
                    choice.split_at_checked(4).ok_or_else(|| refusal("GSSAPI: no protection chosen"))?;
                let user = std::str::from_utf8(user).map_err(|_| refusal("GSSAPI: the user name is not UTF-8"))?;
                let client = login.kerberos.as_ref().zip(context.client());
                let (kerberos, principal) = client.ok_or_else(|| refusal("GSSAPI: nobody logged in"))?;
                let own = kerberos.user(principal)?;
                // Some clients name themselves, by their principal.
                let user = if user == principal { own.as_str() } else { user };
                let who = login.act(from, &own, Some(user))?;
                let received = u32::from_be_bytes([0, choice[1], choice[2], choice[3]]) as usize;
                let chosen = login.protections.0.iter().find(|offered| bit(**offered) == choice[0]);
                let chosen =
                    chosen.ok_or_else(|| refusal("GSSAPI: one of the protections offered has to be chosen"))?;
                let layer: Option<Box<dyn Layer>> = match chosen {
                    Protection::Authentication => None,
                    Protection::Integrity => Some(Box::new(Protected { context, confidential: false, received })),
                    Protection::Privacy => Some(Box::new(Protected { context, confidential: true, received })),
                };
                Ok(Step::Done { who, last: Vec::new(), layer })
            }
        }
    }

    fn offer(&mut self, protections: &Protections) -> Result<Step, CatalogError> {
        let context = self.context.as_mut().ok_or_else(|| refusal("GSSAPI: the login is over"))?;
        let mut offer = MAX_RECEIVED.to_be_bytes();
        offer[0] = protections.0.iter().fold(0, |bits, offered| bits | bit(*offered));
        let offer = context.wrap(&offer, false).map_err(|error| refusal(&format!("GSSAPI: {error}")))?;
        self.state = State::Offered;
        Ok(Step::Challenge(offer))
    }
}

/// What stands for a protection in the offer and the choice.
fn bit(protection: Protection) -> u8 {
    match protection {
        Protection::Authentication => 1,
        Protection::Integrity => 2,
        Protection::Privacy => 4,
    }
}

/// What protects the connection.
#[derive(Debug)]
struct Protected {
    context: Context,
    confidential: bool,
    /// The largest protected message that the client takes.
    received: usize,
}

impl Layer for Protected {
    fn max_piece(&self) -> usize {
        self.received.saturating_sub(OVERHEAD).max(OVERHEAD)
    }

    fn wrap(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        self.context.wrap(bytes, self.confidential).map_err(std::io::Error::other)
    }

    fn unwrap(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let (bytes, was_secret) = self.context.unwrap(bytes).map_err(std::io::Error::other)?;
        if self.confidential && !was_secret {
            return Err(std::io::Error::other("a message that had to be encrypted was not"));
        }
        Ok(bytes)
    }
}
