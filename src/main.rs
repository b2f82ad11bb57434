//! The program: see [`moderato`].

use std::process::ExitCode;

fn main() -> ExitCode {
    moderato::cli::run()
}
