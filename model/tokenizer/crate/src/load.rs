//! Reads a tokenizer's files.

use std::path::Path;

use tokenizers::models::bpe::{Merges, Vocab, BPE};
use tokenizers::models::ModelWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::error::Result;

pub fn from_json(path: &Path) -> Result<Tokenizer> {
    let mut tokenizer = Tokenizer::from_bytes(read(path)?)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|error| format!("{}: {error}", path.display()))?;
    without_dropout(&mut tokenizer);
    Ok(tokenizer)
}

/// BPE dropout is a means of training; with it the same text would give other ids at every call.
fn without_dropout(tokenizer: &mut Tokenizer) {
    if let ModelWrapper::BPE(bpe) = tokenizer.get_model() {
        if bpe.dropout.is_some() {
            let mut bpe = bpe.clone();
            bpe.dropout = None;
            tokenizer.with_model(bpe);
        }
    }
}

/// RoBERTa's tokenizer from the two files that its first releases consist of.
pub fn from_vocab_and_merges(vocab_path: &Path, merges_path: &Path) -> Result<Tokenizer> {
    let vocab: Vocab = serde_json::from_slice(&read(vocab_path)?)
        .map_err(|error| format!("{}: {error}", vocab_path.display()))?;
    let merges = read_merges(merges_path)?;
    let special = |token: &str| -> Result<(String, u32)> {
        let id = vocab
            .get(token)
            .ok_or_else(|| format!("{}: there is no {token}", vocab_path.display()))?;
        Ok((token.to_owned(), *id))
    };
    let processor = RobertaProcessing::new(special("</s>")?, special("<s>")?)
        .trim_offsets(true)
        .add_prefix_space(false);
    let added = special_tokens(&vocab);
    let bpe = BPE::builder()
        .vocab_and_merges(vocab, merges)
        .build()
        .map_err(|error| format!("{}: {error}", merges_path.display()))?;

    let mut tokenizer = Tokenizer::new(bpe);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
    tokenizer.with_post_processor(Some(processor));
    tokenizer.add_special_tokens(added).map_err(|error| error.to_string())?;
    Ok(tokenizer)
}

/// Those of RoBERTa's special tokens that the vocabulary holds: adding the others would give them
/// ids past the model's embeddings. The mask token takes the spaces before it.
fn special_tokens(vocab: &Vocab) -> Vec<AddedToken> {
    ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        .into_iter()
        .filter(|token| vocab.contains_key(*token))
        .map(|token| AddedToken::from(token, true).lstrip(token == "<mask>").normalized(true))
        .collect()
}

fn read_merges(path: &Path) -> Result<Merges> {
    let text = String::from_utf8(read(path)?)
        .map_err(|error| format!("{}: {}", path.display(), error.utf8_error()))?;
    let mut merges = Merges::new();
    for (i, line) in text.lines().enumerate() {
        if line.is_empty() || (i == 0 && line.starts_with("#version")) {
            continue;
        }
        match line.split(' ').collect::<Vec<_>>()[..] {
            [left, right] => merges.push((left.to_owned(), right.to_owned())),
            _ => {
                let place = format!("{}: line {}", path.display(), i + 1);
                return Err(format!("{place} is not two tokens with one space between"));
            }
        }
    }
    Ok(merges)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
