//! The calls of the macros in `src/call.rs`.

use std::collections::BTreeMap;

use pilota_build::IdentName;

use crate::calls::{Calls, exception_kind, rust_type, variant};

pub fn generate(calls: &Calls) -> String {
    let mut exceptions = BTreeMap::new();
    let mut methods = String::from("define_methods! {\n");
    for call in &calls.0 {
        let throws: Vec<String> = call.throws.iter().map(|field| exception_kind(&field.ty)).collect();
        methods += &format!(
            "    {} \"{}\" {} {} [{}];\n",
            variant(call),
            &*call.name,
            call.oneway,
            rust_type(&call.result_type),
            throws.join(" "),
        );
        exceptions.extend(throws.into_iter().zip(call.throws.iter().map(|field| crate::calls::path(&field.ty))));
    }
    methods += "}\n";

    let mut out = String::from("define_exceptions! {\n");
    for (kind, idl) in exceptions {
        out += &format!("    {kind} {} \"{idl}\";\n", idl.as_str().upper_camel_ident());
    }
    out + "}\n\n" + &methods
}
