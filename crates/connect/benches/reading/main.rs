//! How fast a mailbox is read: from the bytes of answers to observations on the disk, beside the parsing of those bytes alone.
//!
//! `reading record FOLDER` has a first cycle read two emulated mailboxes, one of contacts and one of appointments, in pages of
//! 100 and of 512, and keeps what was said. `reading ours FOLDER` plays it back to a first cycle on a new SQLite file, and says
//! what the processor spent; every stored record is compared with what was put into the mailbox. `reading floor FOLDER` parses
//! the same answers and does nothing with them. `cargo xtask bench` runs them in turn and shows the ratios.
#![expect(clippy::print_stdout, reason = "`cargo xtask bench` gathers the figures")]

mod cycle;
mod floor;
mod items;
mod played;
mod spent;

use items::Made;
use std::path::Path;

/// Items of each mailbox.
const ITEMS: usize = 5_120;
/// The sizes of a page.
const PAGES: [usize; 2] = [100, 512];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["record", folder] => record(Path::new(folder)).await,
        ["ours", folder] => {
            for (name, made) in cases() {
                let spent = cycle::played(&Path::new(folder).join(&name), made, ITEMS).await;
                tell("ours", &name, spent);
            }
        }
        ["floor", folder] => {
            for (name, _) in cases() {
                tell("floor", &name, floor::parsed(&Path::new(folder).join(&name)));
            }
        }
        _ => panic!("reading record FOLDER, reading ours FOLDER or reading floor FOLDER"),
    }
}

fn cases() -> impl Iterator<Item = (String, Made)> {
    Made::ALL.into_iter().flat_map(|made| PAGES.map(|page| (format!("{}-{page}", made.name()), made)))
}

async fn record(folder: &Path) {
    for made in Made::ALL {
        let emulator = items::mailbox(made, ITEMS).await;
        for page in PAGES {
            let folder = folder.join(format!("{}-{page}", made.name()));
            std::fs::create_dir_all(&folder).expect("a folder");
            cycle::recorded(&folder, made, &emulator, page, ITEMS).await;
        }
    }
}

/// One figure: who, what, and the nanoseconds of processor time for one item.
fn tell(who: &str, name: &str, spent_ns: u64) {
    println!("speed | {who} | {name} | {}", spent_ns / ITEMS as u64);
}
