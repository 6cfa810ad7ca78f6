//! Panics of code that is not ours: what they say, and how to drop a value that may panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic says.
pub fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.as_deref().unwrap_or("(no message)"))
}

/// Drops `value`, whose destructor may be the user's: a panic in it ends there. The panic hook
/// has reported it by then.
pub fn drop_quietly<T>(value: T) {
    if !std::mem::needs_drop::<T>() {
        return;
    }
    // Unwind safe: nobody sees the value again.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // What it panicked with may have such a destructor too.
        std::mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            // Without the hook's report: it is asked for. Its payload is a bomb as well.
            std::panic::resume_unwind(Box::new(Bomb));
        }
    }

    #[test]
    fn a_destructor_that_panics_is_the_end_of_it() {
        drop_quietly(Bomb);
        drop_quietly(vec![Some(Bomb)]);
    }

    #[test]
    fn a_panic_says_what_it_was_given() {
        let said = |panic: Box<dyn Any + Send>| message(&*panic);
        assert_eq!(said(Box::new("so")), "panic: so");
        assert_eq!(said(Box::new("so".to_owned())), "panic: so");
        assert_eq!(said(Box::new(7)), "panic: (no message)");
    }
}
