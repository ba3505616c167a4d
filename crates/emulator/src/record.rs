//! Messages kept for a judge: one of each shape that went over the wire, in the folder that `EMULATOR_MESSAGES` names.
//!
//! Without that variable nothing is looked at and nothing is written. Answers that a quirk, a fault or a damaged item
//! spoils on purpose are counted by name instead.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::emulator::Emulator;
use crate::ews::Request;
use crate::faults::FaultAction;
use crate::quirks::Quirk;
use crate::xml::{self, Element};

/// Messages written by one process; a run has some thousands of shapes.
const MAX_MESSAGES: usize = 20_000;

static KEEPER: LazyLock<Option<Keeper>> = LazyLock::new(|| {
    let folder = std::env::var_os("EMULATOR_MESSAGES").filter(|folder| !folder.is_empty())?;
    Some(Keeper { folder: folder.into(), seen: Mutex::default() })
});

struct Keeper {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Whole shapes, and their parts: what stands in what, after what, with which kind of text.
    known: BTreeSet<u64>,
    kept: usize,
}

/// A request, once it is known how it was answered.
pub(crate) fn request(request: &Request, bytes: &[u8], status: u16, answer: &str) {
    let Some(keeper) = KEEPER.as_ref() else { return };
    // A test of what is refused sends what no schema allows.
    if status == 500 && ["ErrorSchemaValidation", "ErrorInvalidRequest"].iter().any(|code| answer.contains(code)) {
        keeper.count(&format!("{} refused as invalid", request.operation));
        return;
    }
    keeper.keep("request", &request.operation, request.root(), bytes);
}

/// A request that cannot be read at all.
pub(crate) fn unreadable() {
    if let Some(keeper) = KEEPER.as_ref() {
        keeper.count("a request that cannot be read");
    }
}

/// An answer that is not the server's own.
pub(crate) fn instead(action: &FaultAction) {
    let Some(keeper) = KEEPER.as_ref() else { return };
    match action {
        FaultAction::Answer { .. } => keeper.count("another answer"),
        FaultAction::Drop { .. } => keeper.count("no answer"),
        FaultAction::Truncate { .. } => keeper.count("an answer cut off"),
        FaultAction::LoginPage => keeper.count("a login page"),
        // These are answers of the server, and judged as such.
        FaultAction::Busy { .. } | FaultAction::BusyFrom { .. } | FaultAction::Fault { .. } => {}
    }
}

/// An answer as the server would give it before its habits of speech.
pub(crate) fn answer(emulator: &Emulator, body: &str) {
    let Some(keeper) = KEEPER.as_ref() else { return };
    let quirks = emulator.quirks();
    for quirk in quirks.iter().filter(|quirk| quirk.is_habit()) {
        keeper.count(&format!("{quirk:?}"));
    }
    if let Some(quirk) = quirks.iter().find(|quirk| quirk.spoils()) {
        keeper.count(&format!("{quirk:?}"));
        return;
    }
    if emulator.has_spoiled_items() {
        keeper.count("a damaged item");
        return;
    }
    match xml::read(body.as_bytes()) {
        Ok(root) => {
            let operation = root.child("Body").and_then(Element::first).map_or("nothing", |first| first.name.as_str());
            keeper.keep("answer", operation, &root, body.as_bytes());
        }
        // The judge says what is wrong with it.
        Err(_) => keeper.write("answer", "unreadable", hash(&body), body.as_bytes()),
    }
}

impl Keeper {
    fn keep(&self, direction: &str, operation: &str, root: &Element, bytes: &[u8]) {
        let (mut parts, mut names) = (BTreeSet::new(), BTreeSet::new());
        look(root, hash(&(direction, operation)), &mut parts, &mut names);
        let whole = hash(&(direction, operation, &names));
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let new = seen.known.insert(whole) | !parts.is_subset(&seen.known);
            if !new || seen.kept >= MAX_MESSAGES {
                return;
            }
            seen.kept += 1;
            seen.known.append(&mut parts);
        }
        self.write(direction, operation, hash(&bytes), bytes);
    }

    fn write(&self, direction: &str, operation: &str, name: u64, bytes: &[u8]) {
        let folder = self.folder.join("messages");
        let file = folder.join(format!("{}-{direction}-{operation}-{name:016x}.xml", crate_name()));
        if let Err(error) = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, bytes)) {
            told(&file, &error);
        }
    }

    fn count(&self, what: &str) {
        let folder = self.folder.join("spoiled");
        let file = folder.join(format!("{} {what}", crate_name()));
        let opened =
            fs::create_dir_all(&folder).and_then(|()| OpenOptions::new().create(true).append(true).open(&file));
        if let Err(error) = opened.and_then(|mut file| file.write_all(b".")) {
            told(&file, &error);
        }
    }
}

fn told(file: &Path, error: &std::io::Error) {
    tracing::error!(file = %file.display(), %error, "a message could not be kept for the judge");
}

/// Whose tests these are, as cargo tells their process.
fn crate_name() -> String {
    std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "emulator".to_owned())
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Notes what stands in an element: each child after its neighbour, each attribute, and what kind of text it is.
fn look(element: &Element, place: u64, parts: &mut BTreeSet<u64>, names: &mut BTreeSet<u64>) {
    let here = hash(&(place, &element.name));
    names.insert(here);
    for (name, value) in &element.attrs {
        parts.insert(hash(&(here, name, kind(value))));
    }
    let mut last = "";
    for child in element.elements() {
        parts.insert(hash(&(here, last, &child.name)));
        last = &child.name;
        look(child, here, parts, names);
    }
    parts.insert(hash(&(here, last, "", element.first().is_none().then(|| kind(&element.text())))));
}

/// What a text looks like: its letters and digits as such, and how it goes on only for so long.
fn kind(text: &str) -> String {
    let mut kind = String::new();
    for letter in text.chars() {
        let sign = match letter {
            '0'..='9' => '9',
            letter if letter.is_alphabetic() => 'a',
            letter if letter.is_whitespace() => ' ',
            letter => letter,
        };
        if !kind.ends_with(sign) {
            kind.push(sign);
        }
        if kind.len() > 12 {
            break;
        }
    }
    kind
}

impl Quirk {
    /// Whether answers are the same, said otherwise.
    fn is_habit(self) -> bool {
        Self::HABITS.contains(&self)
    }

    /// Whether it makes answers that the schema does not allow, beside those of habit.
    fn spoils(self) -> bool {
        matches!(self, Self::IllegalCharacters | Self::UnknownElements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (BTreeSet<u64>, BTreeSet<u64>) {
        let root = xml::read(text.as_bytes()).unwrap();
        let (mut parts, mut names) = (BTreeSet::new(), BTreeSet::new());
        look(&root, 0, &mut parts, &mut names);
        (parts, names)
    }

    #[test]
    fn another_order_another_form_and_another_element_are_another_shape() {
        let known = parts("<a><b>2026-01-01</b><c/></a>");
        assert!(known == parts("<a><b>1999-12-31</b><c/></a>"));
        for other in ["<a><c/><b>2026-01-01</b></a>", "<a><b>soon</b><c/></a>", "<a><b x=\"1\">2026-01-01</b><c/></a>"]
        {
            let (parts, names) = parts(other);
            assert!(names == known.1 && parts != known.0, "{other}");
        }
        assert!(parts("<a><b>2026-01-01</b><c/><d/></a>").1 != known.1);
    }

    #[test]
    fn texts_are_told_apart_by_their_form() {
        assert_eq!(kind("2026-01-01T00:00:00Z"), "9-9-9a9:9:9a");
        assert_eq!((kind("true").as_str(), kind("").as_str()), ("a", ""));
    }
}
