//! A level is a set of permitted directions (rule D1), and two levels meet direction by direction (rule L2).

use crate::side::Side;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which directions are permitted: out (CRM to mailbox) and in (mailbox to CRM).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Level {
    out: bool,
    inward: bool,
}

impl Level {
    /// Out and in.
    pub const FULL: Level = Level { out: true, inward: true };
    /// Out only.
    pub const EXPORT: Level = Level { out: true, inward: false };
    /// In only.
    pub const IMPORT: Level = Level { out: false, inward: true };
    /// Neither.
    pub const NONE: Level = Level { out: false, inward: false };
    /// All four.
    pub const ALL: [Level; 4] = [Level::FULL, Level::EXPORT, Level::IMPORT, Level::NONE];

    /// CRM to mailbox is permitted.
    #[must_use]
    pub fn exports(self) -> bool {
        self.out
    }

    /// Mailbox to CRM is permitted.
    #[must_use]
    pub fn imports(self) -> bool {
        self.inward
    }

    /// Whether this level lets something be written on that side.
    #[must_use]
    pub fn writes(self, side: Side) -> bool {
        match side {
            Side::Crm => self.inward,
            Side::Pim => self.out,
        }
    }

    /// What both levels permit (rule L2): Full with Export is Export; Export with Import is None.
    #[must_use]
    pub fn meet(self, other: Level) -> Level {
        Level { out: self.out && other.out, inward: self.inward && other.inward }
    }

    /// The name an administrator sees.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.out, self.inward) {
            (true, true) => "Full Sync",
            (true, false) => "Export Only",
            (false, true) => "Import Only",
            (false, false) => "None",
        }
    }

    /// The word used in the store, the API and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.out, self.inward) {
            (true, true) => "full",
            (true, false) => "export",
            (false, true) => "import",
            (false, false) => "none",
        }
    }

    /// Reads a level's word or name in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Level> {
        let text = text.trim().to_ascii_lowercase();
        Level::ALL.into_iter().find(|level| level.as_str() == text || level.name().to_ascii_lowercase() == text)
    }
}

impl TryFrom<String> for Level {
    type Error = String;
    fn try_from(text: String) -> Result<Level, String> {
        Level::parse(&text).ok_or_else(|| format!("'{text}' is no level: full, export, import or none"))
    }
}

impl From<Level> for String {
    fn from(level: Level) -> String {
        level.as_str().to_owned()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    // L2
    #[test]
    fn levels_meet_direction_by_direction() {
        assert_eq!(Level::FULL.meet(Level::EXPORT), Level::EXPORT);
        assert_eq!(Level::EXPORT.meet(Level::IMPORT), Level::NONE);
        for level in Level::ALL {
            assert_eq!(level.meet(Level::FULL), level);
            assert_eq!(level.meet(Level::NONE), Level::NONE);
            assert_eq!(Level::parse(level.name()), Some(level));
            assert_eq!(Level::parse(level.as_str()), Some(level));
        }
    }
}
