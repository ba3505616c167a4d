//! What a server is known to speak: the version agreed on, and what it has refused to be asked for.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wire::ews::{Item, Path, Property, ServerVersion, Shape, Version};

use super::own;

/// What one server speaks, learnt from its answers and shared by all its mailboxes.
pub(super) struct Spoken(Mutex<Level>);

struct Level {
    version: Version,
    server: Option<ServerVersion>,
    /// The server refused a request for properties it does not know; those we can do without are asked for no more.
    lean: bool,
    /// A participant's copy came back without whose meeting it is (rule P5).
    keeps_less: bool,
}

impl Spoken {
    pub(super) fn new(version: Version) -> Self {
        Self(Mutex::new(Level { version, server: None, lean: false, keeps_less: false }))
    }

    pub(super) fn version(&self) -> Version {
        self.level().version
    }

    /// The build the server says it is, once it has said so.
    pub(super) fn server(&self) -> Option<ServerVersion> {
        self.level().server.clone()
    }

    pub(super) fn met(&self, server: &ServerVersion) {
        let mut level = self.level();
        if level.server.as_ref() != Some(server) {
            level.server = Some(server.clone());
        }
    }

    /// Whether a participant's copy can be the meeting itself, as far as was seen (rule P5).
    pub(super) fn keeps_meetings(&self) -> bool {
        !self.level().keeps_less
    }

    /// One came back without whose meeting it is.
    pub(super) fn keeps_less(&self) {
        self.level().keeps_less = true;
    }

    /// The server refused a version: the highest one it has by its own build, else the next lower. False when there is
    /// none. Another call may have stepped down already; then there is nothing to do but ask again.
    pub(super) fn step_down(&self, refused: Version, server: Option<&ServerVersion>) -> bool {
        let mut level = self.level();
        if level.version < refused {
            return true;
        }
        let told = server.map(Version::of_server).filter(|version| *version < refused);
        match told.or_else(|| refused.lower()) {
            Some(lower) => {
                level.version = lower;
                true
            }
            None => false,
        }
    }

    /// Asks from now on only for what must be. False when that was done before.
    pub(super) fn shorten(&self) -> bool {
        !std::mem::replace(&mut self.level().lean, true)
    }

    /// A shape without what this server is known not to know.
    pub(super) fn spared(&self, shape: &Shape) -> Shape {
        let (version, lean) = {
            let level = self.level();
            (level.version, level.lean)
        };
        let mut shape = shape.clone();
        shape.paths.retain(|path| known(path, version) && !(lean && spare(path)));
        shape
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        // Every change is one assignment, so what another thread left is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a version of the service knows a property; older servers refuse what they do not know.
pub(super) fn known(path: &Path, version: Version) -> bool {
    match path {
        Path::Property(Property::JoinOnlineMeetingUrl) => version >= Version::Exchange2013,
        Path::Property(Property::StartTimeZone | Property::EndTimeZone | Property::LastModifiedTime) => {
            version >= Version::Exchange2010
        }
        Path::Property(_) | Path::Entry(..) | Path::Extended(_) => true,
    }
}

/// What tells more about an item but holds no field of a record, so that its absence is never taken for an empty value.
fn spare(path: &Path) -> bool {
    let own = [
        own::organizer_address(),
        own::task_ownership(),
        own::dead_occurrence(),
        own::clean_global_id(),
        own::global_id(),
    ];
    own.contains(path)
        || matches!(
            path,
            Path::Property(
                Property::JoinOnlineMeetingUrl
                    | Property::LastModifiedTime
                    | Property::IsOnlineMeeting
                    | Property::AppointmentState
                    | Property::MeetingRequestWasSent
                    | Property::FileAs
                    | Property::OriginalStart
            )
        )
}

/// Puts extended values where they were asked for: some servers name another type than the request did.
pub(super) fn adopt(item: &mut Item, asked: &BTreeSet<&Path>) {
    let is_stranger = |path: &&Path| matches!(path, Path::Extended(_)) && !asked.contains(path);
    let strangers: Vec<Path> = item.values.keys().filter(is_stranger).cloned().collect();
    for stranger in strangers {
        let Path::Extended(there) = &stranger else { continue };
        let meant = asked.iter().find(|path| matches!(path, Path::Extended(wanted) if wanted.name == there.name));
        if let Some(meant) = meant
            && !item.values.contains_key(meant)
            && let Some(value) = item.values.remove(&stranger)
        {
            item.values.insert((*meant).clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::{ExtendedPath, ExtendedType, ItemKind, Value};

    fn server(major: u32, minor: u32, build: u32) -> ServerVersion {
        ServerVersion { major, minor, build, schema: None }
    }

    #[test]
    fn a_refused_version_gives_way_to_the_servers_own() {
        let spoken = Spoken::new(Version::Exchange2013Sp1);
        assert!(spoken.step_down(Version::Exchange2013Sp1, Some(&server(14, 3, 123))));
        assert_eq!(spoken.version(), Version::Exchange2010Sp2);
        // A second call that was refused at the same time changes nothing more.
        assert!(spoken.step_down(Version::Exchange2013Sp1, Some(&server(14, 3, 123))));
        assert_eq!(spoken.version(), Version::Exchange2010Sp2);
        // One that says nothing of itself, or something untrue, is asked with the next lower one each time.
        assert!(spoken.step_down(Version::Exchange2010Sp2, Some(&server(15, 1, 1))));
        assert!(spoken.step_down(spoken.version(), None));
        assert_eq!(spoken.version(), Version::Exchange2007Sp1);
        assert!(!spoken.step_down(Version::Exchange2007Sp1, None));
    }

    #[test]
    fn nothing_is_asked_for_that_a_version_does_not_know() {
        let spoken = Spoken::new(Version::Exchange2007Sp1);
        let shape =
            Shape::of([Property::Start.into(), Property::StartTimeZone.into(), own::key(), own::task_ownership()]);
        assert_eq!(spoken.spared(&shape).paths, [Property::Start.into(), own::key(), own::task_ownership()]);
        assert!(spoken.shorten() && !spoken.shorten());
        assert_eq!(spoken.spared(&shape).paths, [Property::Start.into(), own::key()]);
    }

    #[test]
    fn a_value_of_another_type_is_found_where_it_was_asked_for() {
        let asked = own::task_ownership();
        let Path::Extended(path) = &asked else { panic!("extended") };
        let told = Path::Extended(ExtendedPath { kind: ExtendedType::Long, ..path.clone() });
        let mut item = Item::new(ItemKind::Task).with(told, Value::Text("1".to_owned()));
        adopt(&mut item, &BTreeSet::from([&asked]));
        assert_eq!(item.text(asked), Some("1"));
        assert_eq!(item.values.len(), 1);
    }
}
