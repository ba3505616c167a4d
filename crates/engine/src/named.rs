//! Sub-folders that an administrator named: which folder each is, and what people called it since (rule D7, trap 149).

use crate::cycle::Cycle;
use crate::outcome::CycleError;
use model::{Domain, Kind, NamedFolder, Side};
use store::change::Settle;

impl Cycle<'_> {
    /// Keeps which folders the named ones are, so that whoever runs next knows them by more than their names; another name or
    /// place is told.
    pub(crate) async fn note_folders(&mut self) -> Result<(), CycleError> {
        let mut lines = Vec::new();
        for (key, found) in self.pim.named_folders() {
            let before = self.pairing.state.folders.insert(key.clone(), found.clone());
            let Some((kind, name)) = NamedFolder::of_key(&key) else { continue };
            let was = before.filter(|before| before.id == found.id && before.path != found.path);
            if let Some(was) = was {
                let domain = match kind {
                    Kind::Contact => Domain::BusinessContact,
                    Kind::Appointment => Domain::Calendar,
                    Kind::Task => Domain::Task,
                };
                let mut line = self.line(domain, "folder", None, None);
                line.side = Some(Side::Pim);
                line.note = format!(
                    "the sub-folder named in the connection as \"{name}\" was \"{}\" and is \"{}\" now: it is the same folder, and goes on",
                    was.path, found.path
                );
                lines.push(line);
            }
        }
        if lines.is_empty() { Ok(()) } else { self.store(Settle { history: lines, ..Settle::default() }).await }
    }
}
