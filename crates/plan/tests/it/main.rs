//! The planner's contract: each test carries the number of the rule or trap it holds.

mod adopting;
mod brakes;
mod build;
mod contacts;
mod deletes;
mod explain;
mod flips;
mod forms;
mod guests;
mod leaving;
mod levels;
mod mailing;
mod match_keys;
mod matching;
mod meeting;
mod merge;
mod newcomers;
mod scope;
mod sentences;
mod signs;
mod small_worlds;
mod undo;
mod veil;
mod window;
mod words;
