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
    /// The builds that have served a call in this version: there may be several behind one address.
    served: BTreeSet<(u32, u32, u32)>,
    /// The server refused a request for properties it does not know; those we can do without are asked for no more.
    lean: bool,
    /// A participant's copy came back without whose meeting it is (rule P5).
    keeps_less: bool,
}

impl Spoken {
    pub(super) fn new(version: Version) -> Self {
        let (server, served) = (None, BTreeSet::new());
        Self(Mutex::new(Level { version, server, served, lean: false, keeps_less: false }))
    }

    pub(super) fn version(&self) -> Version {
        self.level().version
    }

    /// The build the server says it is, once it has said so.
    pub(super) fn server(&self) -> Option<ServerVersion> {
        self.level().server.clone()
    }

    /// A call was served in the present version.
    pub(super) fn met(&self, server: &ServerVersion) {
        let mut level = self.level();
        if level.served.len() < BUILDS {
            level.served.insert(build(server));
        }
        if level.server.as_ref() != Some(server) {
            level.server = Some(server.clone());
        }
    }

    /// Whether a server of this build has served a call in the present version.
    pub(super) fn is_served_by(&self, server: &ServerVersion) -> bool {
        self.level().served.contains(&build(server))
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
                level.served.clear();
                true
            }
            None => false,
        }
    }

    /// Asks from now on only for what must be.
    pub(super) fn shorten(&self) {
        self.level().lean = true;
    }

    /// Whether only what must be is asked for.
    pub(super) fn is_short(&self) -> bool {
        self.level().lean
    }

    /// A shape without what this server is known not to know; or, to try, without all that we can do without.
    pub(super) fn spared(&self, shape: &Shape, less: bool) -> Shape {
        let (version, lean) = {
            let level = self.level();
            (level.version, level.lean || less)
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

/// So many builds behind one address are told apart.
const BUILDS: usize = 100;

fn build(server: &ServerVersion) -> (u32, u32, u32) {
    (server.major, server.minor, server.build)
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
        let all = [Property::Start.into(), own::key(), own::task_ownership()];
        let least = [Property::Start.into(), own::key()];
        assert_eq!(spoken.spared(&shape, true).paths, least);
        assert_eq!(spoken.spared(&shape, false).paths, all, "tried, and not found to be why");
        spoken.shorten();
        assert!(spoken.is_short());
        assert_eq!(spoken.spared(&shape, false).paths, least);
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
