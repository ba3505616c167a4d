//! The executable as a person or a program meets it: help, exit codes, configuration, commands beside each other.

mod alerts;
mod answers;
mod completions;
mod demo;
mod emulator;
mod help;
mod run;
mod story;
