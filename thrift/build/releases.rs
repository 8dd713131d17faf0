//! What Hive 3 gave another place on the wire, so that clients from before it are understood too. An IDL cannot say that
//! a field is one of two: `codec::releases` does.

/// The structs that have had a field put before others, whose ids moved up by one.
const MOVED: [&str; 2] = ["AddDynamicPartitions", "InsertEventRequestData"];

/// The struct whose list of transactions was a set.
const SET: &str = "GetOpenTxnsResponse";

const MODULE: &str = "pub mod hive_metastore {";
const LOOP: &str = "loop {";
const FIELD: &str = "let field_ident = __protocol.read_field_begin()?;";
const LIST: &str = "__protocol.write_list_field(2, ::pilota::thrift::TType::I64, &&self.open_txns,";

pub fn rewrite(code: &str) -> Result<String, String> {
    let types = code.find(MODULE).ok_or("pilota does not generate the module of types any more")?;
    let mut out = code.to_owned();
    for name in MOVED {
        replace(&mut out, types, name, LOOP, &format!("let mut older = false; {LOOP}"))?;
        let field = FIELD.replacen("let ", "let mut ", 1);
        let moved = format!("{field} crate::codec::releases::moved({name:?}, &mut older, &mut field_ident);");
        replace(&mut out, types, name, FIELD, &moved)?;
    }
    let set = "crate::codec::releases::set(__protocol, 2, &self.open_txns)?;";
    replace(&mut out, types, SET, LIST, &format!("{set} {LIST}"))?;
    Ok(out)
}

/// Replaces the first `from` in the coding of the struct `name`.
fn replace(code: &mut String, types: usize, name: &str, from: &str, to: &str) -> Result<(), String> {
    let head = format!("impl ::pilota::thrift::Message for {name} {{");
    let missing = || format!("pilota does not generate {from} for {name} any more");
    let start = types + code[types..].find(&head).ok_or_else(missing)?;
    let at = start + code[start..].find(from).ok_or_else(missing)?;
    code.replace_range(at..at + from.len(), to);
    Ok(())
}
