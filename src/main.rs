//! The program: see [`moderato`].

fn main() {}
