#include "server/pipeline/document.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace diffuser::pipeline {
namespace {

// Refuses an id that the model does not know, saying where it stands.
absl::Status ValidateId(int64_t id, const model::ModelConfig& config) {
  if (id < 0 || id >= config.vocab_size) {
    return absl::InvalidArgumentError(
        absl::StrCat(id, " is outside the vocabulary of ", config.vocab_size));
  }
  if (id == config.pad_token_id) {
    return absl::InvalidArgumentError(absl::StrCat(id, " is the padding id"));
  }
  return absl::OkStatus();
}

absl::Status Prefixed(const std::string& field, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(field, ": ", status.message()));
}

}  // namespace

absl::StatusOr<Document> FromText(std::string text, const tokenizer::Tokenizer* tokenizer,
                                  const model::ModelConfig& config) {
  if (text.empty()) return absl::InvalidArgumentError("document.text: is empty");
  if (tokenizer == nullptr) {
    return absl::InvalidArgumentError(
        "document.text: the model has no tokenizer; give document.token_ids");
  }
  absl::StatusOr<tokenizer::Encoding> encoding = tokenizer->Encode(text);
  if (!encoding.ok()) return Prefixed("document.text", encoding.status());
  if (encoding->ids.empty()) return absl::InvalidArgumentError("document.text: has no tokens");
  for (size_t i = 0; i < encoding->ids.size(); ++i) {
    if (auto status = ValidateId(encoding->ids[i], config); !status.ok()) {
      const tokenizer::ByteRange at = encoding->offsets[i];
      return Prefixed(
          absl::StrCat("document.text: token ", i, ", of bytes ", at.begin, " to ", at.end),
          status);
    }
  }
  Document document;
  document.ids = std::move(encoding->ids);
  document.offsets = std::move(encoding->offsets);
  document.prefix = encoding->prefix;
  document.suffix = encoding->suffix;
  document.text = std::move(text);
  return document;
}

absl::StatusOr<Document> FromTokenIds(absl::Span<const uint32_t> ids,
                                      const model::ModelConfig& config) {
  if (ids.empty()) return absl::InvalidArgumentError("document.token_ids: is empty");
  for (size_t i = 0; i < ids.size(); ++i) {
    if (auto status = ValidateId(ids[i], config); !status.ok()) {
      return Prefixed(absl::StrCat("document.token_ids.ids[", i, "]"), status);
    }
  }
  Document document;
  document.ids.assign(ids.begin(), ids.end());
  document.prefix = document.ids.front() == config.bos_token_id ? 1 : 0;
  const bool has_more = document.tokens() > document.prefix;
  document.suffix = has_more && document.ids.back() == config.eos_token_id ? 1 : 0;
  return document;
}

absl::Status ValidateOptions(const ClassifyOptions& options, const model::ModelConfig& config) {
  if (options.top_k < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("options.top_k: is ", options.top_k, ", must be 0 or more"));
  }
  if (options.threshold.has_value() && std::isnan(*options.threshold)) {
    return absl::InvalidArgumentError("options.threshold: is not a number");
  }
  if (options.max_evidence <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("options.max_evidence: is ", options.max_evidence, ", must be positive"));
  }
  const int overlap = options.chunk_overlap.value_or(0);
  if (overlap < 0 || 2 * int64_t{overlap} >= config.max_tokens()) {
    return absl::InvalidArgumentError(
        absl::StrCat("options.chunk_overlap: is ", overlap, ", must be below half of the model's ",
                     config.max_tokens(), " tokens and not negative"));
  }
  return absl::OkStatus();
}

}  // namespace diffuser::pipeline
