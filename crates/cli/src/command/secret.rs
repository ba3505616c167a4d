//! Passwords: from the environment or from standard input, never from the command line, where everybody could read them.

use crate::exit::Failure;
use secrecy::SecretString;
use std::io::Read;

/// The longest secret: an application's key with its certificate chain.
const MOST: u64 = 65_536;

/// The password in an environment variable, or on standard input when `stdin` is asked for.
pub fn read(variable: &str, stdin: bool) -> Result<Option<SecretString>, Failure> {
    if stdin {
        let mut text = String::new();
        std::io::stdin().take(MOST).read_to_string(&mut text)?;
        let text = text.trim_end_matches(['\r', '\n']);
        return if text.is_empty() {
            Err(Failure::usage("standard input holds no password"))
        } else {
            Ok(Some(SecretString::from(text.to_owned())))
        };
    }
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Some(SecretString::from(text))),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{variable} is no text"))),
    }
}
