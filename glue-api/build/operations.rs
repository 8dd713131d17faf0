//! The table of operations, and a type for each that ties its name to its input and output.

use std::fmt::Write;

use crate::model::{Model, list};
use crate::names::constant;

pub fn generate(model: &Model) -> String {
    let mut out = String::new();
    let mut table = Vec::new();
    for (name, operation) in model.operations() {
        let input = operation["input"].as_str().expect("an operation has an input");
        let output = operation["output"].as_str().expect("an operation has an output");
        let errors: Vec<&str> = list(&operation["errors"]).collect();
        let limit = operation["paginated"]["limit_key"].as_str();
        let _ = writeln!(
            out,
            "operation! {{ {name}, {input} => {output}, OperationInfo {{ name: {name:?}, input: &shapes::{}, \
             output: &shapes::{}, errors: &{errors:?}, limit: {limit:?} }} }}",
            constant(input),
            constant(output)
        );
        table.push(format!("    <{name} as Operation>::INFO,\n"));
    }
    let _ = writeln!(out, "/// All operations of the service, by name.");
    let _ = writeln!(out, "pub static OPERATIONS: [&OperationInfo; {}] = [\n{}];", table.len(), table.concat());
    out
}
