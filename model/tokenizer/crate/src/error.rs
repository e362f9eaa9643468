//! The last error of each thread, and the guard that turns a panic into one.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, CString};
use std::fmt::Display;
use std::panic::{catch_unwind, AssertUnwindSafe, Location};
use std::path::Path;
use std::sync::Once;

pub type Result<T> = std::result::Result<T, String>;

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PANIC_PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

pub fn set_last(message: String) {
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    LAST_ERROR.with(|last| *last.borrow_mut() = message);
}

/// Valid until this thread's next `set_last`.
pub fn last() -> *const c_char {
    LAST_ERROR.with(|last| last.borrow().as_ptr())
}

/// Runs `work`; where it fails or panics, None, and the thread's last error says why. A panic does
/// not know what it was about: `subject` does.
pub fn guarded<T>(subject: impl Display, work: impl FnOnce() -> Result<T>) -> Option<T> {
    hush_guarded_panics();
    GUARDED.with(|guarded| guarded.set(true));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(false));
    match outcome {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(message)) => set_last(message),
        Err(_) => {
            let place = PANIC_PLACE.with(|place| place.take());
            set_last(format!("{subject}: the tokenizers library panicked at {place}"));
        }
    }
    None
}

/// A panic's message may quote the text at hand, so that of guarded work is never printed: only its
/// place in the source is kept. Other threads' panics, and other work's, are reported as before.
fn hush_guarded_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default_hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.with(|guarded| guarded.get()) {
                return default_hook(info);
            }
            let place = info.location().map(source_line).unwrap_or_default();
            PANIC_PLACE.with(|kept| kept.replace(place));
        }));
    });
}

/// Without the folders, which are those of the machine that built this.
fn source_line(location: &Location) -> String {
    let file = Path::new(location.file()).file_name().unwrap_or_default();
    format!("{}:{}", file.to_string_lossy(), location.line())
}
