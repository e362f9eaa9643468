#!/usr/bin/env bash
# Makes the default checkpoint from nothing: data, tokenizer, three stages of training, thresholds.
# usage: recipe.sh PROGRAMS_DIR WORK_DIR       the checkpoint is then WORK_DIR/result
# A step whose result is in WORK_DIR is not repeated, and a training run that was stopped or killed goes on where it
# was: run it again with the same WORK_DIR. After a change of what is below, remove the results that it touches.
set -euo pipefail

# What two cores get through in an hour or two.
short_documents=40000
long_documents=70000
eval_documents=1500
seed=1

# The embeddings of 12,000 ids are nearly half of the checkpoint. Lower case and single spaces make the most of them:
# licences are told apart by words, not by capitals, rulers or indents.
vocab_size=12000
tokenizer_bytes=60000000

# A model from random weights learns words from snippets first, then pieces, then windows (curriculum.py says why); and
# its heads begin as readers of neighbouring words, without which it needs several times as many documents to tell
# "version 2" from "version 3". Short documents want small batches: many steps for the tokens.
snippet_flags=(--initializer local_heads --learning_rate 1e-3 --epochs 6 --max_steps 1500 --batch_tokens 2048
  --warmup 0.05 --eval_documents 200 --eval_every 500)
piece_flags=(--learning_rate 1e-3 --epochs 1 --max_steps 700 --batch_tokens 4096 --warmup 0.02
  --eval_documents 300 --eval_every 350)
passage_flags=(--learning_rate 9e-4 --epochs 20 --max_steps 7500 --batch_tokens 8192 --warmup 0.01
  --eval_documents 1000 --eval_every 750)

# A model of this width underfits the data in so few epochs: no dropout. What is a little longer than the model
# reads is cut to its beginning. A score while training is of some hundred documents, for time; the thresholds are tuned
# on all.
training_flags=(--adam_epsilon 1e-8 --hidden_dropout 0 --attention_dropout 0 --hop_dropout 0
  --long_documents head --checkpoint_every 700 --weights_type float16)

here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "$1" && pwd)
mkdir -p "$2" && cd "$2"

say() { printf '\n%s: %s\n' "$(date +%H:%M:%S)" "$*"; }

# data DIR DOCUMENTS FLAGS...: DIR/train.jsonl and DIR/eval.jsonl.
data() {
  local output=$1 documents=$2; shift 2
  [ -d "$output" ] && return
  say "composing $output/"
  rm -rf "$output.part"
  python3 "$here/prepare.py" --output "$output.part" --documents "$documents" --eval_documents "$eval_documents" \
    --seed "$seed" --report "$@"
  mv "$output.part" "$output"
}

tokenizer() {
  [ -f tokenizer.json ] && return
  say "training the tokenizer"
  "$programs/diffuser-train" tokenizer --data short/train.jsonl --data windows/train.jsonl --lowercase \
    --collapse_spaces --vocab_size "$vocab_size" --max_bytes "$tokenizer_bytes" --output tokenizer.json
}

curriculum() {
  [ -f passages.jsonl ] && return
  python3 "$here/curriculum.py" --data . --output .
}

# train STAGE EVAL OUTPUT FLAGS...: a checkpoint in OUTPUT, which its model card is named after.
train() {
  local stage=$1 evaluation=$2 output=$3; shift 3
  [ -f "$output.done" ] && return
  say "training on $stage.jsonl"
  "$programs/diffuser-train" --data "$stage.jsonl" --eval "$evaluation/eval.jsonl" --output "$output" --resume \
    "${training_flags[@]}" "$@"
  touch "$output.done"
}

# The checkpoint without the state to resume from, and with the threshold of each label that is best on documents
# which were not trained on; the model card names the source of the data.
result() {
  [ -d result ] && return
  say "tuning the thresholds"
  rm -rf result.part && mkdir result.part
  cp licences/{README.md,config.json,curves.svg,metrics.csv,model.safetensors,tokenizer.json} result.part/
  "$programs/diffuser-train" eval --model result.part --data whole/eval.jsonl --group_by kind \
    --tune_thresholds --write
  cat >> result.part/README.md <<'CARD'

## Source of the data

The documents were composed by `model/training/licences` of ScanCode toolkit's licence data (`scancode-toolkit` on PyPI),
by nexB Inc. and others, licensed under CC-BY-4.0, and changed as said there. None of its texts is contained here.
CARD
  mv result.part result
}

data short "$short_documents" --stage short
data windows "$long_documents" --stage full --windows
data whole 1 --stage full  # its evaluation documents alone: thresholds are tuned on whole ones
tokenizer
curriculum
train snippets short learnt-snippets --config "$here/config.json" --tokenizer tokenizer.json "${snippet_flags[@]}"
train pieces short learnt-pieces --init learnt-snippets "${piece_flags[@]}"
train passages windows licences --init learnt-pieces "${passage_flags[@]}"
result
say "the checkpoint is $PWD/result"
