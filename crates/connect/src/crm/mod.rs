//! The built-in CRM as one side of a pairing.
