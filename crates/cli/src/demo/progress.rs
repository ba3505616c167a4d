//! Shows people how far the demonstration is; programs see nothing of it.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::io::{IsTerminal, Write};

/// A line that moves on; where nobody watches a terminal, a line for each step.
pub struct Progress {
    bar: ProgressBar,
    /// What was told last, when each step is a line of its own.
    lines: Option<RefCell<String>>,
}

impl Progress {
    /// A line on the terminal; none for programs.
    pub fn new(for_people: bool) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let bar = if for_people && terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Progress { bar, lines: (for_people && !terminal).then(RefCell::default) }
    }

    /// What happens now.
    pub fn tell(&self, text: &str) {
        match &self.lines {
            Some(last) if *last.borrow() != text => {
                last.replace(text.to_owned());
                line(text);
            }
            Some(_) => {}
            None => {
                self.bar.set_message(text.to_owned());
                self.bar.tick();
            }
        }
    }

    /// A line that stays.
    pub fn keep(&self, text: &str) {
        match self.lines {
            Some(_) => line(text),
            None => self.bar.println(text),
        }
    }

    /// Nothing happens any more.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(text: &str) {
    // Nobody listens any more: the demonstration goes on, its result is told elsewhere.
    let _ = writeln!(std::io::stderr(), "{text}");
}
