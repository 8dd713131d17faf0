//! Generates the crate's types from `idl/hive_metastore.thrift`.
//!
//! Pilota never sees the IDL's services. Each method becomes two plain types: a struct of its arguments (module `args`)
//! and a union of its result and exceptions (module `replies`). That way every argument can be made optional (Java
//! clients send nulls, which a generated service refuses), the server and the client share one set of types, and the
//! framework's own server and client, which the project does not use, are neither generated nor compiled.

mod calls;
mod methods;
mod releases;
mod rewrite;

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, io};

use calls::Calls;

const IDL: &str = "idl/hive_metastore.thrift";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={IDL}");
    println!("cargo::rerun-if-changed=build");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let source = fs::read_to_string(IDL)?;
    let calls = Calls::parse(&source)?;

    write_idl(&out.join("types.thrift"), &calls::without_services(&source))?;
    write_idl(&out.join("args.thrift"), &calls.args_idl())?;
    write_idl(&out.join("replies.thrift"), &calls.replies_idl())?;
    let types = out.join("types.rs");
    generate(&out, &types);
    fs::write(&types, releases::rewrite(&rewrite::rewrite(&fs::read_to_string(&types)?)?)?)?;
    fs::write(out.join("methods.rs"), methods::generate(&calls))?;
    Ok(())
}

/// Pilota tells cargo to run this script again when its input is newer than the last run. These files always are, and
/// every build would compile the crate again, unless they are old.
fn write_idl(path: &Path, idl: &str) -> io::Result<()> {
    fs::write(path, idl)?;
    File::options().write(true).open(path)?.set_modified(SystemTime::UNIX_EPOCH)
}

fn generate(out: &Path, types: &Path) {
    if env::var_os("RUSTFMT").is_none() {
        // Pilota formats what it writes. Nobody reads it there, and it takes longer than generating it.
        // SAFETY: the build script has no other thread yet.
        unsafe { env::set_var("RUSTFMT", "true") };
    }
    pilota_build::Builder::thrift().ignore_unused(false).compile(
        ["types.thrift", "args.thrift", "replies.thrift"].map(|name| out.join(name)),
        pilota_build::Output::File(types.into()),
    );
}
