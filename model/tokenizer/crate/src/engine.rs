//! A loaded tokenizer and what is known of it.

use tokenizers::{Encoding, Token, Tokenizer};

use crate::error::Result;
use crate::pieces::{self, Pieces};

/// `diffuser_byte_range`.
#[repr(C)]
pub struct ByteRange {
    begin: usize,
    end: usize,
}

/// A text's tokens: one id and one range each.
#[derive(Default)]
pub struct Tokens {
    pub ids: Vec<u32>,
    pub offsets: Vec<ByteRange>,
}

/// Immutable, so any number of threads may share it. The BPE model keeps its cache of words per
/// thread, so they do not meet there either.
pub struct Engine {
    tokenizer: Tokenizer,
    vocab_size: u32,
    special: SpecialTokens,
    may_cut: bool,
}

/// What the post-processor puts around every text.
struct SpecialTokens {
    before: Vec<u32>,
    after: Vec<u32>,
}

const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Engine>();
};

impl Engine {
    pub fn new(tokenizer: Tokenizer) -> Result<Self> {
        let special = SpecialTokens::of(&tokenizer)?;
        let vocab = tokenizer.get_vocab(true);
        let ids = vocab.values().chain(&special.before).chain(&special.after);
        let highest = ids.copied().max().unwrap_or(0);
        if highest >= i32::MAX as u32 {
            return Err(format!("token id {highest} is too large"));
        }
        let may_cut = pieces::may_cut(&tokenizer);
        Ok(Engine { tokenizer, vocab_size: highest + 1, special, may_cut })
    }

    pub fn vocab_size(&self) -> u32 {
        self.vocab_size
    }

    pub fn prefix(&self) -> usize {
        self.special.before.len()
    }

    pub fn suffix(&self) -> usize {
        self.special.after.len()
    }

    /// No message of this quotes the text.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let mut tokens = Tokens::default();
        tokens.add_special(&self.special.before);
        if self.may_cut {
            for piece in Pieces::of(text) {
                self.encode_piece(text, piece, &mut tokens)?;
            }
        } else {
            self.encode_piece(text, text, &mut tokens)?;
        }
        tokens.add_special(&self.special.after);
        Ok(tokens)
    }

    /// Adds the tokens of `piece`, a part of `text`.
    fn encode_piece(&self, text: &str, piece: &str, tokens: &mut Tokens) -> Result<()> {
        let start = piece.as_ptr() as usize - text.as_ptr() as usize;
        let encoding =
            self.tokenizer.encode(piece, false).map_err(|_| "the text has no encoding")?;
        tokens.ids.extend_from_slice(encoding.get_ids());
        let ranges = encoding.get_offsets().iter();
        tokens
            .offsets
            .extend(ranges.map(|&(begin, end)| whole_characters(text, start + begin, start + end)));
        Ok(())
    }
}

impl Tokens {
    fn add_special(&mut self, ids: &[u32]) {
        self.ids.extend_from_slice(ids);
        self.offsets.extend(ids.iter().map(|_| ByteRange { begin: 0, end: 0 }));
    }
}

impl SpecialTokens {
    /// Found by letting the post-processor loose on one token that stands for a text.
    fn of(tokenizer: &Tokenizer) -> Result<Self> {
        let text = Encoding::from_tokens(vec![Token::new(0, "a".to_owned(), (0, 1))], 0);
        let processed =
            tokenizer.post_process(text, None, true).map_err(|error| error.to_string())?;
        let sequences = processed.get_sequence_ids();
        if sequences.iter().flatten().count() != 1 {
            return Err("its post_processor leaves the text out, or repeats it".to_owned());
        }
        let place = sequences.iter().take_while(|sequence| sequence.is_none()).count();
        let ids = processed.get_ids();
        Ok(SpecialTokens { before: ids[..place].to_vec(), after: ids[place + 1..].to_vec() })
    }
}

/// The library trims spaces off a range by counting them, one byte each; a wider space leaves an
/// end inside a character. Such an end moves on to the next boundary.
fn whole_characters(text: &str, begin: usize, end: usize) -> ByteRange {
    let boundary = |mut at: usize| {
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
        at.min(text.len())
    };
    let begin = boundary(begin);
    ByteRange { begin, end: boundary(end).max(begin) }
}
