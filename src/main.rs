//! The program: see [`moderato`].

use clap::Parser;
use moderato::cli::{evaluate, train};

#[derive(Parser)]
enum Command {
    Train(train::Train),
    Evaluate(evaluate::Evaluate),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Train(args) => train::run(args),
        Command::Evaluate(args) => evaluate::run(args),
    }
}
