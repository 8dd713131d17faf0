//! What the Thrift port's logins need from elsewhere: a key of Kerberos, a directory, the keys of bearer tokens.

use std::os::unix::fs::PermissionsExt;

use super::Check;
use crate::auth::login::jwt::Jwt;
use crate::auth::login::kerberos::Kerberos;
use crate::auth::login::ldap::Ldap;
use crate::config::{LoginMethod, Settings};

/// A check for each way to log in that depends on something.
pub async fn checks(settings: &Settings) -> Vec<(&'static str, Check)> {
    let has = |method| settings.thrift_auth.has(method);
    let mut checks = Vec::new();
    if has(LoginMethod::Kerberos) {
        checks.push(("kerberos", kerberos(settings)));
    }
    if has(LoginMethod::Ldap) {
        checks.push(("ldap", ldap(settings).await));
    }
    if has(LoginMethod::Jwt) {
        checks.push(("jwt", jwt(settings).await));
    }
    let readable = [LoginMethod::Plain, LoginMethod::Ldap, LoginMethod::Jwt].into_iter().any(has);
    if readable && settings.tls_cert.is_none() && !settings.thrift_addr.ip().is_loopback() {
        let wrong = "passwords and bearer tokens pass the network in the clear; set tls_cert and tls_key".to_owned();
        checks.push(("thrift_auth", Err(wrong)));
    }
    checks
}

fn kerberos(settings: &Settings) -> Check {
    let kerberos = Kerberos::open(settings).map_err(|error| {
        format!("{}. Make the key with `kadmin ktadd`, or change kerberos_principal or kerberos_keytab.", error.message)
    })?;
    let keytab = settings.kerberos_keytab.as_deref().unwrap_or(std::path::Path::new(""));
    let mode =
        std::fs::metadata(keytab).map_err(|error| format!("{}: {error}", keytab.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let keytab = keytab.display();
        return Err(format!("{keytab} can be read or changed by others (mode {:o}); chmod 600 {keytab}", mode & 0o777));
    }
    Ok(format!("{} has a key in {}", kerberos.principal(), keytab.display()))
}

async fn ldap(settings: &Settings) -> Check {
    match Ldap::new(settings).probe().await {
        Ok(()) => Ok(match &settings.ldap_bind_dn {
            Some(reader) => format!("the directory answers, and takes {reader}"),
            None => "the directory answers".to_owned(),
        }),
        Err(error) => Err(format!("{error}. See to the server and its certificate, or change the settings of ldap.")),
    }
}

async fn jwt(settings: &Settings) -> Check {
    let url = settings.jwt_jwks_url.as_ref().map(ToString::to_string).unwrap_or_default();
    let jwt = Jwt::new(settings).map_err(|error| error.message)?;
    match jwt.probe().await {
        Ok(0) => Err(format!("{url} holds no key that a signature can be checked with; change jwt_jwks_url")),
        Ok(count) => Ok(format!("{url} holds {count} keys")),
        Err(error) => Err(format!("{url} cannot be read ({error}); change jwt_jwks_url")),
    }
}
