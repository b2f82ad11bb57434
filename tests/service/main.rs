//! The service through its front door: the real binary, real HTTP, a real database: SQLite, or PostgreSQL with
//! `MODERATO_TEST_DATABASE=postgres`.

#[path = "../databases/mod.rs"]
mod databases;

mod bad_input;
mod command_line;
mod durability;
mod forms;
mod harness;
mod importing;
mod judging;
mod measuring;
mod moderating;
mod operations;
mod outages;
mod shared_limits;
mod submitting;
mod visiting;
mod webhooks;
