//! Cuts a long text into pieces that can be encoded one after the other.
//!
//! The library keeps about 125 bytes for every byte of the text it works on, and is slower the more
//! of it there is: 10 MB of prose in one go take 1.2 GB. In pieces of 64 KB it is 8 MB.
//!
//! The ids stay the same because a cut stands only where the library itself always separates:
//! before a space between two letters, under RoBERTa's pre-tokenizer. No alternative of its
//! expression matches a letter and the space after it, none looks back, and the space always goes
//! with the letters after it. Nothing before or after that changes a cut's three characters or
//! joins the text again: a normalizer at most lowers letters and collapses runs of spaces, each
//! letter and each run for itself, and no added token holds a space, or a letter at its ends. Where
//! any of this is not so, the text stays whole.

use tokenizers::models::ModelWrapper;
use tokenizers::{
    AddedToken, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
};

use crate::train::space_collapser;

/// Bytes from which on a piece ends at the next chance. A text without a chance is one piece.
const PIECE_BYTES: usize = 64 * 1024;

/// Whether encodings of pieces, put together, are the encoding of the whole.
pub fn may_cut(tokenizer: &Tokenizer) -> bool {
    let splits_at_spaces = match tokenizer.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::ByteLevel(bytes)) => !bytes.add_prefix_space && bytes.use_regex,
        _ => false,
    };
    // With add_prefix_space the first token's range is treated unlike the others'.
    let same_for_all_tokens = match tokenizer.get_post_processor() {
        Some(PostProcessorWrapper::Roberta(roberta)) => !roberta.add_prefix_space,
        _ => false,
    };
    splits_at_spaces
        && same_for_all_tokens
        && tokenizer.get_normalizer().is_none_or(keeps_cuts)
        && matches!(tokenizer.get_model(), ModelWrapper::BPE(_))
        && tokenizer.get_added_tokens_decoder().values().all(keeps_off_cuts)
}

/// Whether a normalizer makes of two pieces what it makes of them in one.
fn keeps_cuts(normalizer: &NormalizerWrapper) -> bool {
    match normalizer {
        NormalizerWrapper::Lowercase(_) => true,
        NormalizerWrapper::Replace(replace) => {
            space_collapser().is_ok_and(|collapser| *replace == collapser)
        }
        NormalizerWrapper::Sequence(steps) => steps.as_ref().iter().all(keeps_cuts),
        _ => false,
    }
}

/// Whether an added token neither spans a cut nor, taking the spaces around it, reaches one.
fn keeps_off_cuts(token: &AddedToken) -> bool {
    let outer = [token.content.chars().next(), token.content.chars().next_back()];
    let closed = outer.iter().all(|c| c.is_some_and(|c| c.is_ascii_punctuation()));
    closed && !token.content.contains(char::is_whitespace)
}

/// The pieces of a text, in order and without gaps; one, perhaps empty, at least.
pub struct Pieces<'a> {
    rest: Option<&'a str>,
}

impl<'a> Pieces<'a> {
    pub fn of(text: &'a str) -> Self {
        Pieces { rest: Some(text) }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.take()?;
        let Some(cut) = first_cut(text.as_bytes()) else {
            return Some(text);
        };
        let (piece, rest) = text.split_at(cut);
        self.rest = Some(rest);
        Some(piece)
    }
}

fn first_cut(text: &[u8]) -> Option<usize> {
    let around = text.get(PIECE_BYTES - 1..)?.windows(3);
    let is_cut =
        |w: &[u8]| w[0].is_ascii_alphabetic() && w[1] == b' ' && w[2].is_ascii_alphabetic();
    around.into_iter().position(is_cut).map(|i| PIECE_BYTES + i)
}
