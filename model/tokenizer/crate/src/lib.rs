//! Hugging Face's `tokenizers` behind the C interface of `diffuser_tokenizer.h`, which holds the
//! contract of every function here.

mod engine;
mod error;
mod load;
mod pieces;

use std::ffi::{c_char, CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use engine::{ByteRange, Engine};
use error::{guarded, Result};
use tokenizers::Tokenizer;

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
    let bytes: &[u8] =
        if length == 0 { &[] } else { std::slice::from_raw_parts(text.cast(), length) };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            error::set_last(format!("byte {} begins no character", error.valid_up_to()));
            return Status::InvalidUtf8;
        }
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
pub extern "C" fn diffuser_tokenizer_last_error() -> *const c_char {
    error::last()
}
