#ifndef DIFFUSER_SERVER_PIPELINE_CLASSIFY_TASK_H_
#define DIFFUSER_SERVER_PIPELINE_CLASSIFY_TASK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "model/label_scores.h"
#include "model/windows.h"
#include "server/batching/cancellation.h"

namespace diffuser::pipeline {

using model::LongDocument;
using model::ScoredLabel;

// The pieces that evidence is given for; as diffuser.v1.EvidenceUnit.
enum class EvidenceUnit { kSentence, kToken };

// As diffuser.v1.Options, with its defaults resolved where they don't depend on the model.
struct ClassifyOptions {
  int top_k = 0;                   // >= 0; 0: all labels
  std::optional<float> threshold;  // no NaN
  LongDocument long_document = LongDocument::kChunk;
  bool return_logits = false;
  bool return_evidence = false;
  int max_evidence = 10;  // > 0
  EvidenceUnit evidence_unit = EvidenceUnit::kSentence;
  std::optional<int> chunk_overlap;  // tokens, in [0, half of the model's length); unset: an eighth
};

using batching::Cancellation;

// One document to be classified.
struct ClassifyTask {
  std::variant<std::string, std::vector<uint32_t>> content;  // text, or token ids
  ClassifyOptions options;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<const Cancellation> cancellation;  // may be null: cannot be cancelled
};

// Half-open ranges of bytes of the text and of tokens of the whole document.
struct EvidenceSpan {
  int64_t begin_byte = 0, end_byte = 0;
  int64_t begin_token = 0, end_token = 0;
  float weight = 0;
};

struct TokenUsage {
  int64_t seen = 0;  // of the whole document, special tokens included
  int64_t used = 0;  // of those, read by the model; each counted once
  int chunks = 1;
  bool shortened = false;  // whether options.long_document was applied
};

struct ClassifyAnswer {
  std::vector<ScoredLabel> labels;     // best first
  std::vector<float> logits;           // by label index, if asked for
  std::vector<EvidenceSpan> evidence;  // heaviest first, if asked for
  TokenUsage usage;
  absl::Duration tokenize, queue, compute;
};

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_CLASSIFY_TASK_H_
