use std::process::ExitCode;

fn main() -> ExitCode {
    propolis::cli::run()
}
