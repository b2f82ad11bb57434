//! The service through its front door: the real binary, real HTTP, a real database: SQLite, or PostgreSQL with
//! `MODERATO_TEST_DATABASE=postgres`.

#[path = "../databases/mod.rs"]
mod databases;

mod akismet;
mod bad_input;
mod batches;
mod callbacks;
mod command_line;
mod description;
mod durability;
mod forms;
mod harness;
mod importing;
mod judging;
mod listening;
mod measuring;
mod moderating;
mod newsrooms;
mod operations;
mod outages;
mod policies;
mod shared_limits;
mod submitting;
mod teaching;
mod threads;
mod upkeep;
mod visiting;
mod webhooks;
