#!/usr/bin/env bash
# Makes the default checkpoint from nothing: data, tokenizer, two stages of training, thresholds.
# usage: recipe.sh PROGRAMS_DIR WORK_DIR       the checkpoint is then WORK_DIR/result
# A step whose result is in WORK_DIR is not repeated, and a training run that was stopped or killed goes on where it
# was: run it again with the same WORK_DIR. After a change of what is below, remove the results that it touches.
set -euo pipefail

# Enough documents that no rule of the data is seen often enough to be learnt by heart, and few enough for two cores.
train_documents=40000
eval_documents=1500
seed=1

# 12,000 lower-cased ids, because nearly half of the checkpoint is their embeddings. The legal words are whole tokens
# by then, and licences are told apart by words, not by capitals, rulers or indents.
vocab_size=12000
tokenizer_bytes=60000000

# Batches of a document and a half of the longest kind: many steps for the tokens, in little memory.
batch_tokens=6144
eval_every=400

# Stage 1, pieces of documents: five times as many documents for the tokens as stage 2, so that the model learns what
# each licence says before it has to find it. The random weights bear the high rate.
short_epochs=1
short_learning_rate=1.2e-3

# Stage 2, whole documents of all kinds, from stage 1's weights.
full_epochs=@@FULL_EPOCHS@@
full_learning_rate=@@FULL_LEARNING_RATE@@

# No epoch is long enough to overfit on; a little dropout on the attention keeps it from hanging on single edges.
training_flags=(--batch_tokens "$batch_tokens" --warmup 0.06 --hidden_dropout 0 --attention_dropout 0.05
  --hop_dropout 0 --long_documents head --eval_documents 300 --eval_every "$eval_every"
  --checkpoint_every "$eval_every" --weights_type float16)

here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "$1" && pwd)
mkdir -p "$2" && cd "$2"

say() { printf '\n%s: %s\n' "$(date +%H:%M:%S)" "$*"; }

# data STAGE: STAGE/train.jsonl and STAGE/eval.jsonl.
data() {
  [ -d "$1" ] && return
  say "composing the documents of stage $1"
  rm -rf "$1.part"
  python3 "$here/prepare.py" --stage "$1" --output "$1.part" --documents "$train_documents" \
    --eval_documents "$eval_documents" --seed "$seed" --report
  mv "$1.part" "$1"
}

tokenizer() {
  [ -f tokenizer.json ] && return
  say "training the tokenizer"
  "$programs/diffuser-train" tokenizer --data short/train.jsonl --data full/train.jsonl --lowercase \
    --collapse_spaces --vocab_size "$vocab_size" --max_bytes "$tokenizer_bytes" --output tokenizer.json
}

# train DATA OUTPUT FLAGS...: a checkpoint in OUTPUT, which its model card is named after.
train() {
  local set=$1 output=$2; shift 2
  [ -f "$output.done" ] && return
  say "training $output on $set/train.jsonl"
  "$programs/diffuser-train" --data "$set/train.jsonl" --eval "$set/eval.jsonl" --output "$output" --resume \
    "${training_flags[@]}" "$@"
  touch "$output.done"
}

# The checkpoint without the state to resume from, and with the threshold of each label that is best on documents
# which were not trained on.
result() {
  [ -d result ] && return
  say "tuning the thresholds"
  rm -rf result.part && mkdir result.part
  cp licences/{README.md,config.json,curves.svg,metrics.csv,model.safetensors,tokenizer.json} result.part/
  "$programs/diffuser-train" eval --model result.part --data full/eval.jsonl --group_by kind \
    --tune_thresholds --write
  mv result.part result
}

data short
data full
tokenizer
train short pieces --config "$here/config.json" --tokenizer tokenizer.json \
  --epochs "$short_epochs" --learning_rate "$short_learning_rate"
train full licences --init pieces --epochs "$full_epochs" --learning_rate "$full_learning_rate"
result
say "the checkpoint is $PWD/result"
