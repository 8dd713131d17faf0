//! What the settings of a login need from each other.

use url::Url;

use super::{LoginMethod, PrincipalRules, Settings};

pub(super) fn check(settings: &Settings, problem: &mut impl FnMut(&str, &str)) {
    let methods = &settings.thrift_auth;
    if !settings.thrift_http_path.starts_with('/') || settings.thrift_http_path.contains(['?', '#', ' ']) {
        problem("thrift_http_path", "Give a path such as `/metastore`.");
    }
    if settings.delegation_token_renewal > settings.delegation_token_lifetime {
        problem("delegation_token_renewal", "Give no more than delegation_token_lifetime.");
    }
    if methods.has(LoginMethod::Kerberos) {
        check_kerberos(settings, problem);
    }
    if methods.has(LoginMethod::Ldap) {
        check_ldap(settings, problem);
    }
    if methods.has(LoginMethod::Jwt) {
        match &settings.jwt_jwks_url {
            None => problem("jwt_jwks_url", "It is needed for `jwt` in thrift_auth."),
            Some(url) if !matches!(url.scheme(), "https" | "http" | "file") => {
                problem("jwt_jwks_url", "Give an `https://`, an `http://` or a `file://` URL.");
            }
            Some(_) => {}
        }
    }
}

fn check_kerberos(settings: &Settings, problem: &mut impl FnMut(&str, &str)) {
    match settings.kerberos_principal.as_deref().map(split_principal) {
        None => problem("kerberos_principal", "It is needed for `kerberos` in thrift_auth."),
        Some(None) => problem("kerberos_principal", "Give a service, a host and a realm: `hive/_HOST@EXAMPLE.ORG`."),
        Some(Some(_)) => {}
    }
    if let Err(wrong) = PrincipalRules::parse(&settings.kerberos_auth_to_local) {
        problem("kerberos_auth_to_local", &wrong);
    }
    match settings.kerberos_keytab.as_ref().map(std::fs::File::open) {
        None => problem("kerberos_keytab", "It is needed for `kerberos` in thrift_auth."),
        Some(Err(error)) => problem("kerberos_keytab", &format!("The file cannot be read: {error}.")),
        Some(Ok(_)) => {}
    }
}

/// Service, host and realm.
pub fn split_principal(principal: &str) -> Option<(&str, &str, &str)> {
    let (name, realm) = principal.rsplit_once('@')?;
    let (service, host) = name.split_once('/')?;
    let whole = ![service, host, realm].iter().any(|part| part.is_empty());
    whole.then_some((service, host, realm))
}

fn check_ldap(settings: &Settings, problem: &mut impl FnMut(&str, &str)) {
    let url = |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "ldap" | "ldaps") && url.has_host());
    match &settings.ldap_url {
        None => problem("ldap_url", "It is needed for `ldap` in thrift_auth."),
        Some(urls) if !urls.split_whitespace().all(url) => {
            problem("ldap_url", "Give URLs such as `ldaps://ldap.example.org`, with spaces between them.");
        }
        Some(_) => {}
    }
    if settings.ldap_bind_dn.is_some() != settings.ldap_bind_password.is_some() {
        problem("ldap_bind_dn", "ldap_bind_dn and ldap_bind_password belong together: set both or neither.");
    }
    if settings.ldap_bind_dn.is_some() {
        if settings.ldap_base_dn.is_none() {
            problem("ldap_base_dn", "It is needed where ldap_bind_dn searches for users.");
        }
    } else {
        if settings.ldap_user_search_filter.is_some() {
            problem("ldap_user_search_filter", "It needs an ldap_bind_dn to search with.");
        }
        if settings.ldap_base_dn.is_none() && settings.ldap_user_dn_pattern.is_none() && settings.ldap_domain.is_none()
        {
            problem(
                "ldap_base_dn",
                "One of ldap_base_dn, ldap_user_dn_pattern and ldap_domain has to say where users are.",
            );
        }
    }
    if !settings.ldap_group_filter.is_empty() {
        if settings.ldap_base_dn.is_none() {
            problem("ldap_base_dn", "It is needed where ldap_group_filter searches for groups.");
        }
        if settings.ldap_domain.is_some() && settings.ldap_bind_dn.is_none() {
            problem("ldap_group_filter", "With ldap_domain it needs an ldap_bind_dn, which finds the user's own name.");
        }
    }
    if settings.ldap_user_search_filter.as_ref().is_some_and(|filter| !filter.contains("{0}")) {
        problem("ldap_user_search_filter", "There is no `{0}` in it, which stands for the user.");
    }
    if let Some(patterns) = &settings.ldap_user_dn_pattern
        && !patterns.split(':').all(|pattern| pattern.contains("%s"))
    {
        problem("ldap_user_dn_pattern", "Each pattern needs a `%s`, which stands for the user.");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::config::{Flags, LoginMethod, Settings};

    fn wrong(values: &[(&'static str, &str)]) -> Vec<String> {
        let values = values.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        match Settings::load(&Flags { config: None, values }) {
            Ok(_) => Vec::new(),
            Err(error) => error.0.into_iter().map(|problem| problem.setting).collect(),
        }
    }

    #[test]
    fn methods_are_a_list() {
        let load = |text: &str| {
            let values = [("thrift_auth", text.to_owned()), ("jwt_jwks_url", "file:///keys".to_owned())].into();
            Settings::load(&Flags { config: None, values }).map(|loaded| loaded.settings.thrift_auth.0)
        };
        assert_eq!(load("none").unwrap(), []);
        assert_eq!(load("plain, jwt").unwrap(), [LoginMethod::Plain, LoginMethod::Jwt]);
        assert!(load("none,plain").is_err() && load("PLAIN").is_err());
    }

    #[test]
    fn each_method_says_what_it_needs() {
        assert_eq!(wrong(&[("thrift_auth", "kerberos")]), ["kerberos_principal", "kerberos_keytab"]);
        assert_eq!(wrong(&[("thrift_auth", "jwt")]), ["jwt_jwks_url"]);
        assert_eq!(wrong(&[("thrift_auth", "ldap")]), ["ldap_url", "ldap_base_dn"]);
        let ldap = [("thrift_auth", "ldap"), ("ldap_url", "ldap://a ldaps://b"), ("ldap_base_dn", "dc=x")];
        let with = |more: &[(&'static str, &str)]| wrong(&[&ldap[..], more].concat());
        assert_eq!(with(&[]), [""; 0]);
        assert_eq!(with(&[("ldap_bind_dn", "cn=reader")]), ["ldap_bind_dn"]);
        assert_eq!(with(&[("ldap_user_search_filter", "(uid={0})")]), ["ldap_user_search_filter"]);
        assert_eq!(with(&[("ldap_user_dn_pattern", "uid=%s,dc=x:uid=s")]), ["ldap_user_dn_pattern"]);
        assert_eq!(with(&[("ldap_url", "http://a")]), ["ldap_url"]);
        assert_eq!(with(&[("ldap_group_filter", "hive"), ("ldap_domain", "x")]), ["ldap_group_filter"]);
        assert_eq!(with(&[("ldap_group_filter", "hive,admins")]), [""; 0]);
    }

    #[test]
    fn parts_of_settings_are_checked_where_they_are_set() {
        assert_eq!(wrong(&[("thrift_http_path", "metastore")]), ["thrift_http_path"]);
        assert_eq!(wrong(&[("delegation_token_lifetime", "1h")]), ["delegation_token_renewal"]);
        for principal in ["hive", "hive@REALM", "hive/@REALM", "hive/host@"] {
            let values =
                [("thrift_auth", "kerberos"), ("kerberos_principal", principal), ("kerberos_keytab", "/dev/null")];
            assert_eq!(wrong(&values), ["kerberos_principal"]);
        }
        let kerberos =
            [("thrift_auth", "kerberos"), ("kerberos_principal", "hive/h@R"), ("kerberos_keytab", "/dev/null")];
        let with = |setting: (&'static str, &str)| wrong(&[&kerberos[..], &[setting]].concat());
        assert_eq!(with(("kerberos_auth_to_local", "RULE:[1:$1]s/a/b/ DEFAULT")), [""; 0]);
        assert_eq!(with(("kerberos_auth_to_local", "RULE:[1:$1")), ["kerberos_auth_to_local"]);
        assert_eq!(with(("sasl_protection", "privacy,integrity")), [""; 0]);
        assert_eq!(with(("sasl_protection", "auth-conf")), ["--sasl-protection"]);
        assert_eq!(with(("thrift_proxy_networks", "10.0.0.0/8, ::1,10.1.2.3")), [""; 0]);
        assert_eq!(with(("thrift_proxy_networks", "host")), ["--thrift-proxy-networks"]);
    }
}
