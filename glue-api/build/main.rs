//! Turns api.json, the service's model, into the types, the table of shapes and the table of operations of this crate.

mod model;
mod names;
mod operations;
mod shapes;
mod types;

use std::path::PathBuf;
use std::{env, fs};

use model::Model;

fn main() {
    println!("cargo::rerun-if-changed=api.json");
    println!("cargo::rerun-if-changed=build");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where output goes"));
    let model = Model::read(&fs::read(root.join("api.json")).expect("api.json is there"));
    for (file, text) in [
        ("types.rs", types::generate(&model)),
        ("shapes.rs", shapes::generate(&model)),
        ("operations.rs", operations::generate(&model)),
    ] {
        fs::write(out.join(file), text).expect("the output folder can be written");
    }
}
