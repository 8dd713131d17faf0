//! Delegation tokens, and the store that HiveServer2 keeps its own in.

use propolis_thrift::{FastStr, args};

use crate::auth::login::kerberos::short_name;
use crate::auth::login::{LoggedIn, Login};
use crate::catalog::DelegationTokens;
use crate::config::Secret;
use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, required};
use crate::hms::convert::wire;
use crate::hms::error::Result;
use crate::hms::sasl::token;
use crate::model::DelegationToken;

/// For the caller, or by a proxy user for anybody.
pub async fn get_delegation_token(call: &Call, args: args::GetDelegationToken) -> Result<FastStr> {
    let (login, who) = logged_in(call)?;
    if who.by_token {
        return Err(CatalogError::invalid_operation(
            "A delegation token cannot be asked for by who logged in with one: log in by the key or the password",
        )
        .into());
    }
    let owner = required(args.token_owner, "token's owner")?;
    let owner = match &login.kerberos {
        Some(kerberos) if owner.contains('@') => kerberos.user(&owner)?,
        _ => owner.to_string(),
    };
    call.about(&owner);
    if call.caller().user.as_ref() != Some(&owner) {
        login.act(call.session.peer.ip(), &who.real_user, Some(&owner))?;
    }
    let renewer = args.renewer_kerberos_principal_name.unwrap_or_default();
    let renewer = if login.kerberos.is_some() { short_name(&renewer) } else { &renewer };
    let real_user = if who.real_user == owner { "" } else { &who.real_user };
    let (token, password) = login.tokens.issue(&owner, renewer, real_user, who.until).await?;
    Ok(wire(&token::encode(&token, &password)))
}

/// Milliseconds since the epoch up to which the token is now good.
pub async fn renew_delegation_token(call: &Call, args: args::RenewDelegationToken) -> Result<i64> {
    let (login, user) = (logged_in(call)?.0, call.caller().user.unwrap_or_default());
    let (token, password) = presented(call, args.token_str_form)?;
    Ok(login.tokens.renew(&token, &password, &user).await?)
}

pub async fn cancel_delegation_token(call: &Call, args: args::CancelDelegationToken) -> Result<()> {
    let (login, user) = (logged_in(call)?.0, call.caller().user.unwrap_or_default());
    let (token, password) = presented(call, args.token_str_form)?;
    Ok(login.tokens.cancel(&token, &password, &user).await?)
}

/// False where the identifier is taken.
pub async fn add_token(call: &Call, args: args::AddToken) -> Result<bool> {
    let identifier = required(args.token_identifier, "token identifier")?;
    Ok(kept(call)?.keep(&identifier, &required(args.delegation_token, "token")?).await?)
}

/// Empty where there is none.
pub async fn get_token(call: &Call, args: args::GetToken) -> Result<FastStr> {
    let token = kept(call)?.kept(&required(args.token_identifier, "token identifier")?).await?;
    Ok(wire(&token.unwrap_or_default()))
}

pub async fn get_all_token_identifiers(call: &Call, _: args::GetAllTokenIdentifiers) -> Result<Vec<FastStr>> {
    Ok(kept(call)?.kept_identifiers().await?.into_iter().map(FastStr::from).collect())
}

/// False where there is none.
pub async fn remove_token(call: &Call, args: args::RemoveToken) -> Result<bool> {
    Ok(kept(call)?.forget(&required(args.token_identifier, "token identifier")?).await?)
}

pub async fn add_master_key(call: &Call, args: args::AddMasterKey) -> Result<i32> {
    Ok(kept(call)?.keep_master_key(&required(args.key, "key")?).await?)
}

pub async fn update_master_key(call: &Call, args: args::UpdateMasterKey) -> Result<()> {
    let id = required(args.seq_number, "key's number")?;
    Ok(kept(call)?.update_master_key(id, &required(args.key, "key")?).await?)
}

/// False where there is none.
pub async fn remove_master_key(call: &Call, args: args::RemoveMasterKey) -> Result<bool> {
    Ok(kept(call)?.forget_master_key(required(args.key_seq, "key's number")?).await?)
}

pub async fn get_master_keys(call: &Call, _: args::GetMasterKeys) -> Result<Vec<FastStr>> {
    Ok(kept(call)?.master_keys().await?.into_iter().map(FastStr::from).collect())
}

fn logged_in(call: &Call) -> Result<(&Login, &LoggedIn), CatalogError> {
    let login = call.session.login();
    match call.session.who() {
        Some(who) if login.by_sasl() => Ok((login, who)),
        _ => Err(CatalogError::invalid_operation(
            "Delegation tokens are for callers who log in by SASL, and this server asks for none (setting thrift_auth)",
        )),
    }
}

fn presented(call: &Call, text: Option<FastStr>) -> Result<(DelegationToken, Secret)> {
    let found = token::decode(&required(text, "token")?);
    let (token, password) =
        found.ok_or_else(|| CatalogError::invalid_input("The text is not a delegation token of this server"))?;
    call.about(&token.owner_name);
    Ok((token, password))
}

/// Whoever reads these can be anybody at HiveServer2.
fn kept(call: &Call) -> Result<&DelegationTokens, CatalogError> {
    if call.session.is_service() {
        return Ok(&call.session.login().tokens);
    }
    Err(CatalogError::new(
        ErrorKind::PermissionDenied,
        "The tokens that are kept here are for services only, which are in thrift_proxy_users",
    ))
}
