#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_DOCUMENT_SCORER_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_DOCUMENT_SCORER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/packed_batch.h"
#include "model/tokenizer/tokenizer.h"
#include "model/windows.h"

namespace diffuser::training {

struct ScorerOptions {
  // > 0; tokens of one packed batch, special tokens included. A longer window is a batch alone.
  int64_t batch_tokens = 16384;
  // Tokens that neighbouring windows of a long document share, in [0, half of the model's length);
  // unset: the server's default.
  std::optional<int64_t> chunk_overlap = std::nullopt;
};

struct ScoredDocument {
  std::vector<float> scores;  // [labels], as the server answers them
  std::vector<float> logits;  // [labels], those that give these scores
  int64_t tokens = 0;         // special tokens included
  int64_t windows = 1;
};

// Scores documents just as the server does by default: one that is too long is cut into overlapping
// windows, whose scores are combined. Windows share batches.
//
//   DocumentScorer scorer(*classifier, *tokenizer, {});
//   for (const auto& text : texts) {
//     if (auto status = scorer.Add(text); !status.ok()) return status;
//   }
//   auto scored = std::move(scorer).Finish();
//
// Not thread-safe; what it is made of outlives it.
class DocumentScorer {
 public:
  // REQUIRES: options within their bounds.
  DocumentScorer(const model::Classifier& classifier, const tokenizer::Tokenizer& tokenizer,
                 ScorerOptions options)
      : classifier_(classifier), tokenizer_(tokenizer), options_(options) {}

  // Takes one more document. Blocks: while it tokenizes, and while the model computes where a batch
  // is full.
  // Errors: INVALID_ARGUMENT (this text cannot be scored: no UTF-8, an id that the model does not
  // know; the document is left out), those of Classifier::Classify (the scorer is of no use after).
  absl::Status Add(std::string_view text);

  int64_t tokens() const { return tokens_; }  // of the documents taken so far

  // The scores of every document that was taken, in order. Blocks: while the model computes.
  // Errors: those of Classifier::Classify.
  absl::StatusOr<std::vector<ScoredDocument>> Finish() &&;

 private:
  struct Pending {
    int64_t tokens = 0;
    std::vector<std::vector<float>> window_logits;  // [windows so far][labels]
  };

  absl::StatusOr<std::vector<std::vector<int32_t>>> CutIntoWindows(
      const tokenizer::Encoding& encoding) const;
  absl::Status RunBatch();

  const model::Classifier& classifier_;
  const tokenizer::Tokenizer& tokenizer_;
  const ScorerOptions options_;
  int64_t tokens_ = 0;
  std::vector<Pending> documents_;
  model::PackedBatch batch_;
  std::vector<size_t> owners_;  // index in documents_ of each window in batch_
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_DOCUMENT_SCORER_H_
