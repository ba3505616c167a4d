//! The part of schema validation that catches what clients get wrong: unknown elements, the order of elements, values of the wrong form.

use crate::ews::soap::Fault;
use crate::item::schema::{ItemKind, fits};
use crate::xml::{Element, Ns};

/// Checks the properties inside an item element of a request.
pub(crate) fn item(element: &Element, kind: ItemKind) -> Result<(), Fault> {
    let mut at = 0;
    let mut last = "";
    for child in element.elements() {
        let place = kind.specs().position(|spec| spec.name == child.name).filter(|_| child.ns == Ns::Types);
        let Some(place) = place else {
            return Err(invalid(element, child));
        };
        let repeated = place + 1 == at && child.name != "ExtendedProperty";
        if place + 1 < at || repeated {
            return Err(Fault::schema(&format!(
                "The element '{}' in namespace '{}' has invalid child element '{}': it stands after '{last}'.",
                element.name,
                crate::xml::TYPES,
                child.name
            )));
        }
        at = place + 1;
        last = &child.name;
        value(child, kind)?;
    }
    Ok(())
}

fn invalid(parent: &Element, child: &Element) -> Fault {
    Fault::schema(&format!(
        "The element '{}' in namespace '{}' has invalid child element '{}'.",
        parent.name,
        crate::xml::TYPES,
        child.name
    ))
}

fn value(child: &Element, kind: ItemKind) -> Result<(), Fault> {
    let Some(spec) = kind.spec(&child.name) else {
        return Ok(());
    };
    if !fits(spec.form, &child.text()) {
        return Err(Fault::schema(&format!(
            "The '{}' element is invalid: its value is invalid according to its datatype.",
            child.name
        )));
    }
    if child.name == "Body" && !matches!(child.attr("BodyType"), Some("HTML" | "Text")) {
        return Err(Fault::schema("The required attribute 'BodyType' is missing or invalid."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_schema_is_demanded() {
        let right =
            Element::new("Contact").with(Element::leaf("GivenName", "Ann")).with(Element::leaf("Surname", "Smith"));
        assert!(item(&right, ItemKind::Contact).is_ok());
        let wrong =
            Element::new("Contact").with(Element::leaf("Surname", "Smith")).with(Element::leaf("GivenName", "Ann"));
        assert!(item(&wrong, ItemKind::Contact).is_err());
        let twice =
            Element::new("Contact").with(Element::leaf("Surname", "Smith")).with(Element::leaf("Surname", "Jones"));
        assert!(item(&twice, ItemKind::Contact).is_err());
    }

    #[test]
    fn unknown_elements_and_wrong_values_are_refused() {
        let unknown = Element::new("Task").with(Element::leaf("Nonsense", "1"));
        assert!(item(&unknown, ItemKind::Task).is_err());
        let wrong = Element::new("Task").with(Element::leaf("Status", "Finished"));
        assert!(item(&wrong, ItemKind::Task).is_err());
    }
}
