//! A field of the settings: one value or several, all from text.

use std::fmt;
use std::str::FromStr;

/// A field of the settings: read from text, laid over another, and shown as text.
pub trait Field: Sized {
    const MANY: bool;
    fn put(&mut self, text: &str) -> Result<(), String>;
    fn over(self, below: Self) -> Self;
    fn text(&self) -> Option<String>;
}

impl<T> Field for Option<T>
where
    T: FromStr + fmt::Display,
    T::Err: fmt::Display,
{
    const MANY: bool = false;

    fn put(&mut self, text: &str) -> Result<(), String> {
        *self = Some(text.parse().map_err(|error: T::Err| error.to_string())?);
        Ok(())
    }

    fn over(self, below: Self) -> Self {
        self.or(below)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(ToString::to_string)
    }
}

impl<T> Field for Vec<T>
where
    T: FromStr + fmt::Display,
    T::Err: fmt::Display,
{
    const MANY: bool = true;

    fn put(&mut self, text: &str) -> Result<(), String> {
        self.push(text.parse().map_err(|error: T::Err| error.to_string())?);
        Ok(())
    }

    fn over(self, below: Self) -> Self {
        if self.is_empty() { below } else { self }
    }

    fn text(&self) -> Option<String> {
        let texts: Vec<String> = self.iter().map(ToString::to_string).collect();
        (!texts.is_empty()).then(|| texts.join(","))
    }
}
