//! Trains a byte-level BPE tokenizer of RoBERTa's kind.
//!
//! The result depends on nothing but the texts and the settings: words are counted exactly, and of
//! two pairs that are equally frequent the library merges the one with the lower ids first,
//! whatever the order of its hash tables and the number of its threads.

use std::collections::HashMap;

use tokenizers::models::bpe::{BpeTrainer, BPE};
use tokenizers::normalizers::{Lowercase, Replace, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{
    AddedToken, NormalizedString, Normalizer, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, Tokenizer,
};

use crate::error::Result;
use crate::pieces::{self, Pieces};

/// By id, from 0 on: RoBERTa's order, and then the mask.
const SPECIAL_TOKENS: [&str; 5] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

/// `diffuser_training_settings`.
#[repr(C)]
pub struct Settings {
    vocab_size: u32,
    min_frequency: u64,
    lowercase: bool,
    collapse_spaces: bool,
}

pub struct Trainer {
    settings: Settings,
    tokenizer: Tokenizer,
    may_cut: bool,
    word_counts: HashMap<String, u64>,
}

impl Trainer {
    pub fn new(settings: Settings) -> Result<Self> {
        let least = SPECIAL_TOKENS.len() + ByteLevel::alphabet().len();
        if (settings.vocab_size as usize) < least {
            let found = settings.vocab_size;
            return Err(format!("vocabulary of {found}, expected {least} (every byte) or more"));
        }
        let mut tokenizer = Tokenizer::new(BPE::default());
        let normalized = tokenizer.with_normalizer(normalizer(&settings)?);
        normalized.map_err(|error| error.to_string())?;
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        tokenizer.with_post_processor(Some(processor()));
        tokenizer.with_decoder(Some(ByteLevel::new(false, true, true)));
        let may_cut = pieces::may_cut(&tokenizer);
        Ok(Trainer { settings, tokenizer, may_cut, word_counts: HashMap::new() })
    }

    /// Counts the words of a text.
    pub fn add(&mut self, text: &str) -> Result<()> {
        if !self.may_cut {
            return self.add_piece(text);
        }
        Pieces::of(text).try_for_each(|piece| self.add_piece(piece))
    }

    fn add_piece(&mut self, piece: &str) -> Result<()> {
        let failed = |_| "the text cannot be split".to_owned();
        let mut normalized = NormalizedString::from(piece);
        if let Some(normalizer) = self.tokenizer.get_normalizer() {
            normalizer.normalize(&mut normalized).map_err(failed)?;
        }
        let mut words = PreTokenizedString::from(normalized);
        if let Some(pre_tokenizer) = self.tokenizer.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut words).map_err(failed)?;
        }
        for (word, _, _) in words.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            match self.word_counts.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    self.word_counts.insert(word.to_owned(), 1);
                }
            }
        }
        Ok(())
    }

    /// The trained tokenizer, as a tokenizer.json's text.
    pub fn finish(mut self) -> Result<String> {
        let trainer = BpeTrainer::builder()
            .vocab_size(self.settings.vocab_size as usize)
            .min_frequency(self.settings.min_frequency)
            .show_progress(false)
            .special_tokens(SPECIAL_TOKENS.map(special_token).to_vec())
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let counts = std::mem::take(&mut self.word_counts);
        let counts = counts.into_iter().map(|(word, count)| (word.into(), count)).collect();
        let mut bpe = BPE::default();
        let special = trainer.do_train(&counts, &mut bpe).map_err(|error| error.to_string())?;
        self.tokenizer.with_model(bpe);
        self.tokenizer.add_special_tokens(special).map_err(|error| error.to_string())?;
        self.tokenizer.to_string(true).map_err(|error| error.to_string())
    }
}

/// The mask token takes the spaces before it.
fn special_token(token: &str) -> AddedToken {
    AddedToken::from(token, true).lstrip(token == "<mask>")
}

/// Ids as SPECIAL_TOKENS has them.
fn processor() -> RobertaProcessing {
    RobertaProcessing::new(("</s>".to_owned(), 2), ("<s>".to_owned(), 0))
        .trim_offsets(true)
        .add_prefix_space(false)
}

/// Runs of spaces and tabs as one space. The library maps that space to the last of the run, so
/// that a token's range never holds more than one space before its letters.
pub fn space_collapser() -> Result<Replace> {
    let runs = tokenizers::normalizers::replace::ReplacePattern::Regex("[ \\t]+".to_owned());
    Replace::new(runs, " ").map_err(|error| error.to_string())
}

fn normalizer(settings: &Settings) -> Result<Option<NormalizerWrapper>> {
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if settings.lowercase {
        steps.push(Lowercase.into());
    }
    if settings.collapse_spaces {
        steps.push(space_collapser()?.into());
    }
    Ok(match steps.len() {
        0 => None,
        1 => steps.pop(),
        _ => Some(Sequence::new(steps).into()),
    })
}
