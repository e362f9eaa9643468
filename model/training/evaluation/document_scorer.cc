#include "model/training/evaluation/document_scorer.h"

#include <utility>

#include "model/label_scores.h"

namespace diffuser::training {

absl::StatusOr<std::vector<std::vector<int32_t>>> DocumentScorer::CutIntoWindows(
    const tokenizer::Encoding& encoding) const {
  const int64_t max_tokens = classifier_.config().max_tokens();
  const auto plan = model::PlanWindows(
      static_cast<int64_t>(encoding.ids.size()),
      {.prefix = encoding.prefix,
       .suffix = encoding.suffix,
       .max_tokens = max_tokens,
       .long_document = model::LongDocument::kChunk,
       .chunk_overlap = options_.chunk_overlap.value_or(model::DefaultChunkOverlap(max_tokens))});
  if (!plan.ok()) return plan.status();
  std::vector<std::vector<int32_t>> windows;
  for (const model::Window& window : plan->windows) {
    windows.push_back(model::WindowIds(encoding.ids, window));
    if (auto status = classifier_.Validate(windows.back()); !status.ok()) return status;
  }
  return windows;
}

absl::Status DocumentScorer::Add(std::string_view text) {
  const absl::StatusOr<tokenizer::Encoding> encoding = tokenizer_.Encode(text);
  if (!encoding.ok()) return encoding.status();
  if (encoding->ids.empty()) return absl::InvalidArgumentError("the text has no tokens");
  const auto windows = CutIntoWindows(*encoding);
  if (!windows.ok()) return windows.status();
  tokens_ += static_cast<int64_t>(encoding->ids.size());
  documents_.push_back({.tokens = static_cast<int64_t>(encoding->ids.size()), .window_logits = {}});
  for (const std::vector<int32_t>& ids : *windows) {
    const auto tokens = static_cast<int64_t>(ids.size());
    if (batch_.documents() > 0 && batch_.tokens() + tokens > options_.batch_tokens) {
      if (auto status = RunBatch(); !status.ok()) return status;
    }
    batch_.Append(ids);
    owners_.push_back(documents_.size() - 1);
  }
  return absl::OkStatus();
}

absl::Status DocumentScorer::RunBatch() {
  auto answers = classifier_.Classify(batch_, {});
  if (!answers.ok()) return answers.status();
  for (size_t i = 0; i < owners_.size(); ++i) {
    documents_[owners_[i]].window_logits.push_back(std::move((*answers)[i].logits));
  }
  batch_ = {};
  owners_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ScoredDocument>> DocumentScorer::Finish() && {
  if (batch_.documents() > 0) {
    if (auto status = RunBatch(); !status.ok()) return status;
  }
  std::vector<ScoredDocument> scored;
  for (const Pending& document : documents_) {
    model::CombinedScores combined =
        model::CombineChunks(classifier_.config().problem_type, document.window_logits);
    scored.push_back({.scores = {combined.scores.begin(), combined.scores.end()},
                      .logits = std::move(combined.logits),
                      .tokens = document.tokens,
                      .windows = static_cast<int64_t>(document.window_logits.size())});
  }
  return scored;
}

}  // namespace diffuser::training
