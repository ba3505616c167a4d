//! Shows people how far the demonstration is; programs see nothing of it.

use indicatif::{ProgressBar, ProgressStyle};

/// A line that moves on.
pub struct Progress(ProgressBar);

impl Progress {
    /// A line on the terminal; none for programs.
    pub fn new(for_people: bool) -> Progress {
        let bar = if for_people { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Progress(bar)
    }

    /// What happens now.
    pub fn tell(&self, text: &str) {
        self.0.set_message(text.to_owned());
        self.0.tick();
    }

    /// A line that stays.
    pub fn keep(&self, text: &str) {
        self.0.println(text);
    }

    /// Nothing happens any more.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
