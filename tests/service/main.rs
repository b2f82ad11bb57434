//! The service through its front door: the real binary, real HTTP, a real database.

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
mod submitting;
mod visiting;
mod webhooks;
