//! The subcommands of `moderato`, one file each.

pub mod evaluate;
pub mod train;
