//! Which items a search is to find.

use super::{Item, Path};
use crate::xml::Writer;

/// A condition on items.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/restriction>
#[derive(Clone, PartialEq, Eq)]
pub enum Restriction {
    /// The value is this one.
    IsEqualTo(Path, String),
    /// The value begins with this text, compared without case.
    StartsWith(Path, String),
    /// There is a value.
    Exists(Path),
    /// All of these hold.
    And(Vec<Restriction>),
    /// At least one of these holds.
    Or(Vec<Restriction>),
    /// This does not hold.
    Not(Box<Restriction>),
}

impl std::fmt::Debug for Restriction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Restriction")
    }
}

impl Restriction {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.element("m:Restriction", &[], |w| self.expression(w));
    }

    /// Whether an item that came with the values asked about meets it.
    pub fn is_met_by(&self, item: &Item) -> bool {
        match self {
            Self::IsEqualTo(path, value) => item.text(path) == Some(value),
            Self::StartsWith(path, value) => {
                let head = item.text(path).and_then(|text| text.get(..value.len()));
                head.is_some_and(|head| head.eq_ignore_ascii_case(value))
            }
            Self::Exists(path) => item.value(path).is_some(),
            Self::And(all) => all.iter().all(|one| one.is_met_by(item)),
            Self::Or(any) => any.iter().any(|one| one.is_met_by(item)),
            Self::Not(one) => !one.is_met_by(item),
        }
    }

    fn expression(&self, w: &mut Writer) {
        match self {
            Self::IsEqualTo(path, value) => w.element("t:IsEqualTo", &[], |w| {
                path.write(w);
                w.element("t:FieldURIOrConstant", &[], |w| w.empty("t:Constant", &[("Value", value)]));
            }),
            Self::StartsWith(path, value) => {
                let how = [("ContainmentMode", "Prefixed"), ("ContainmentComparison", "IgnoreCase")];
                w.element("t:Contains", &how, |w| {
                    path.write(w);
                    w.empty("t:Constant", &[("Value", value)]);
                });
            }
            Self::Exists(path) => w.element("t:Exists", &[], |w| path.write(w)),
            Self::And(all) => nested(w, "t:And", all),
            Self::Or(any) => nested(w, "t:Or", any),
            Self::Not(one) => w.element("t:Not", &[], |w| one.expression(w)),
        }
    }
}

/// The schema wants at least two below And and Or; one stands for itself.
fn nested(w: &mut Writer, name: &str, parts: &[Restriction]) {
    match parts {
        [one] => one.expression(w),
        _ => w.element(name, &[], |w| parts.iter().for_each(|p| p.expression(w))),
    }
}
