//! Hugging Face's `tokenizers` behind the C interface of `diffuser_tokenizer.h`, which holds the
//! contract of every function here.

mod engine;
mod error;
mod load;
mod pieces;
mod train;

use std::ffi::{c_char, CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use engine::{ByteRange, Engine};
use error::{guarded, Result};
use tokenizers::Tokenizer;
use train::{Settings, Trainer};

/// `diffuser_tokenizer_status`.
#[repr(C)]
pub enum Status {
    Ok = 0,
    Failed = 1,
    InvalidUtf8 = 2,
}

/// `diffuser_tokenizer_info`.
#[repr(C)]
pub struct Info {
    vocab_size: u32,
    prefix: usize,
    suffix: usize,
}

/// `diffuser_encoding`: two boxed slices of `length` elements, given away as pointers.
#[repr(C)]
pub struct RawEncoding {
    ids: *mut u32,
    offsets: *mut ByteRange,
    length: usize,
}

/// `diffuser_text`: a boxed slice of `length` bytes, given away as a pointer.
#[repr(C)]
pub struct RawText {
    bytes: *mut u8,
    length: usize,
}

/// # Safety
/// `path` is a terminated string that outlives the returned path.
unsafe fn as_path<'a>(path: *const c_char) -> &'a Path {
    Path::new(OsStr::from_bytes(CStr::from_ptr(path).to_bytes()))
}

/// The engine on what `load` reads, the caller's to free; null where that fails.
fn give_away(path: &Path, load: impl FnOnce() -> Result<Tokenizer>) -> *mut Engine {
    let engine = guarded(path.display(), || {
        Engine::new(load()?).map_err(|error| format!("{}: {error}", path.display()))
    });
    engine.map_or(std::ptr::null_mut(), |engine| Box::into_raw(Box::new(engine)))
}

/// # Safety
/// `path` is a terminated string.
#[no_mangle]
pub unsafe extern "C" fn diffuser_tokenizer_load_json(path: *const c_char) -> *mut Engine {
    let path = as_path(path);
    give_away(path, || load::from_json(path))
}

/// # Safety
/// Both paths are terminated strings.
#[no_mangle]
pub unsafe extern "C" fn diffuser_tokenizer_load_bpe(
    vocab_path: *const c_char,
    merges_path: *const c_char,
) -> *mut Engine {
    let (vocab_path, merges_path) = (as_path(vocab_path), as_path(merges_path));
    give_away(vocab_path, || load::from_vocab_and_merges(vocab_path, merges_path))
}

/// # Safety
/// `tokenizer` is null or came from a load function and is not used again.
#[no_mangle]
pub unsafe extern "C" fn diffuser_tokenizer_free(tokenizer: *mut Engine) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

/// # Safety
/// `tokenizer` is live.
#[no_mangle]
pub unsafe extern "C" fn diffuser_tokenizer_describe(tokenizer: *const Engine) -> Info {
    let engine = &*tokenizer;
    Info { vocab_size: engine.vocab_size(), prefix: engine.prefix(), suffix: engine.suffix() }
}

/// The caller's text, or else the status that says why it is none.
///
/// # Safety
/// `text` is readable for `length` bytes (or null for none) and outlives the returned string.
unsafe fn as_text<'a>(text: *const c_char, length: usize) -> std::result::Result<&'a str, Status> {
    let bytes: &[u8] =
        if length == 0 { &[] } else { std::slice::from_raw_parts(text.cast(), length) };
    std::str::from_utf8(bytes).map_err(|error| {
        error::set_last(format!("byte {} begins no character", error.valid_up_to()));
        Status::InvalidUtf8
    })
}

/// # Safety
/// `tokenizer` is live, `text` readable for `length` bytes (or null for none), `encoding` writable.
#[no_mangle]
pub unsafe extern "C" fn diffuser_tokenizer_encode(
    tokenizer: *const Engine,
    text: *const c_char,
    length: usize,
    encoding: *mut *mut RawEncoding,
) -> Status {
    *encoding = std::ptr::null_mut();
    let text = match as_text(text, length) {
        Ok(text) => text,
        Err(status) => return status,
    };
    match guarded("the text", || (*tokenizer).encode(text)) {
        None => Status::Failed,
        Some(tokens) => {
            let length = tokens.ids.len();
            let ids = Box::into_raw(tokens.ids.into_boxed_slice()).cast();
            let offsets = Box::into_raw(tokens.offsets.into_boxed_slice()).cast();
            *encoding = Box::into_raw(Box::new(RawEncoding { ids, offsets, length }));
            Status::Ok
        }
    }
}

/// # Safety
/// `encoding` is null or came from `diffuser_tokenizer_encode` and is not used again.
#[no_mangle]
pub unsafe extern "C" fn diffuser_encoding_free(encoding: *mut RawEncoding) {
    if encoding.is_null() {
        return;
    }
    let raw = Box::from_raw(encoding);
    drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(raw.ids, raw.length)));
    drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(raw.offsets, raw.length)));
}

#[no_mangle]
pub extern "C" fn diffuser_trainer_new(settings: Settings) -> *mut Trainer {
    let trainer = guarded("the settings", || Trainer::new(settings));
    trainer.map_or(std::ptr::null_mut(), |trainer| Box::into_raw(Box::new(trainer)))
}

/// # Safety
/// `trainer` is null or live, and is not used again.
#[no_mangle]
pub unsafe extern "C" fn diffuser_trainer_free(trainer: *mut Trainer) {
    if !trainer.is_null() {
        drop(Box::from_raw(trainer));
    }
}

/// # Safety
/// `trainer` is live and used by no other thread, `text` readable for `length` bytes (or null for
/// none).
#[no_mangle]
pub unsafe extern "C" fn diffuser_trainer_add(
    trainer: *mut Trainer,
    text: *const c_char,
    length: usize,
) -> Status {
    let text = match as_text(text, length) {
        Ok(text) => text,
        Err(status) => return status,
    };
    match guarded("the text", || (*trainer).add(text)) {
        Some(()) => Status::Ok,
        None => Status::Failed,
    }
}

/// # Safety
/// `trainer` is live, and is not used again.
#[no_mangle]
pub unsafe extern "C" fn diffuser_trainer_finish(trainer: *mut Trainer) -> *mut RawText {
    let trainer = Box::from_raw(trainer);
    let json = guarded("the training", || trainer.finish());
    json.map_or(std::ptr::null_mut(), |json| {
        let length = json.len();
        let bytes = Box::into_raw(json.into_bytes().into_boxed_slice()).cast();
        Box::into_raw(Box::new(RawText { bytes, length }))
    })
}

/// # Safety
/// `text` is null or came from `diffuser_trainer_finish` and is not used again.
#[no_mangle]
pub unsafe extern "C" fn diffuser_text_free(text: *mut RawText) {
    if !text.is_null() {
        let raw = Box::from_raw(text);
        drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(raw.bytes, raw.length)));
    }
}

#[no_mangle]
pub extern "C" fn diffuser_tokenizer_last_error() -> *const c_char {
    error::last()
}
