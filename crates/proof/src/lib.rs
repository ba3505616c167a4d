//! Nothing of its own: the tests of this crate hold the whole product to its API, to EWS and to clients written elsewhere.
