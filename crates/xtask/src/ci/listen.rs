//! Runs a command and hands over what it says line by line, while it says it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Context;

/// A line longer than this is handed over in pieces.
const LINE_LIMIT: u64 = 1 << 20;

/// A line with its end, by the stream it came from.
pub enum Said {
    Out(Vec<u8>),
    Err(Vec<u8>),
}

impl Said {
    /// The line without its end.
    pub fn text(&self) -> String {
        let (Self::Out(line) | Self::Err(line)) = self;
        String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']).to_owned()
    }
}

/// Runs the command; each line of both its streams goes to `ear`. True when it ended well.
pub fn listen(command: &mut Command, mut ear: impl FnMut(&Said) -> std::io::Result<()>) -> anyhow::Result<bool> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot be started")?;
    let out = child.stdout.take().expect("piped above");
    let err = child.stderr.take().expect("piped above");
    let (sender, lines) = sync_channel(1024);
    let second = sender.clone();
    let readers = [
        std::thread::spawn(move || pass_on(out, &sender, Said::Out)),
        std::thread::spawn(move || pass_on(err, &second, Said::Err)),
    ];
    for said in lines {
        ear(&said).context("what it says cannot be passed on")?;
    }
    for reader in readers {
        reader.join().expect("a reader does not panic").context("its output cannot be read")?;
    }
    Ok(child.wait().context("its end cannot be seen")?.success())
}

fn pass_on(stream: impl Read, sender: &SyncSender<Said>, wrap: fn(Vec<u8>) -> Said) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if sender.send(wrap(line)).is_err() {
            return Ok(()); // nobody listens any more: the caller has its own error to tell
        }
    }
}

#[cfg(test)]
mod tests {
    use super::listen;
    use std::process::Command;

    #[test]
    fn both_streams_are_heard_and_the_end_is_told() {
        let mut heard = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        let ended = listen(&mut command, |said| {
            heard.push(said.text());
            Ok(())
        })
        .unwrap();
        heard.sort();
        assert_eq!(heard, ["one", "three", "two"]);
        assert!(!ended);
        assert!(listen(&mut Command::new("true"), |_| Ok(())).unwrap());
    }

    #[test]
    fn a_command_that_is_not_there_is_an_error() {
        assert!(listen(&mut Command::new("no-such-command-here"), |_| Ok(())).is_err());
    }
}
