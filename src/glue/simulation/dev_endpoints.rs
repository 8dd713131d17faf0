//! A pretended development endpoint is READY at once, at an address that leads nowhere.

use serde_json::json;

use super::super::call::Call;
use super::super::ops::kept::{Object, members};

/// What a new endpoint comes to. One in a subnet has no public address.
pub fn start(call: &Call, name: &str, in_subnet: bool) -> Object {
    let state = if !call.settings.simulate_runs {
        json!({ "Status": "FAILED", "FailureReason": "Nothing runs development endpoints here: this one is kept only" })
    } else if in_subnet {
        json!({ "Status": "READY" })
    } else {
        // Names below .invalid never resolve (RFC 2606).
        let address = format!("{name}.invalid");
        json!({ "Status": "READY", "PublicAddress": address, "YarnEndpointAddress": address })
    };
    members(state)
}
