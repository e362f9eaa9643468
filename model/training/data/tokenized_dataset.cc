#include "model/training/data/tokenized_dataset.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/windows.h"

namespace diffuser::training {
namespace {

using tokenizer::Encoding;
using tokenizer::Tokenizer;

// Examples whose encodings, with their offsets, are in memory at once.
constexpr int64_t kBlock = 256;

std::vector<absl::StatusOr<Encoding>> EncodeBlock(absl::Span<const Example> examples,
                                                  const Tokenizer& tokenizer, int threads) {
  std::vector<absl::StatusOr<Encoding>> encodings(examples.size(), Encoding());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < examples.size(); i = next++) {
      encodings[i] = tokenizer.Encode(examples[i].text);
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return encodings;
}

}  // namespace

// Fills a data set with one encoded example after the other.
class DatasetBuilder {
 public:
  DatasetBuilder(const LabelSet& labels, const model::ModelConfig& config, LongDocuments policy)
      : labels_(labels), config_(config), policy_(policy) {}

  absl::Status Add(const Example& example, const Encoding& encoding) {
    if (absl::Status status = CheckIds(example, encoding.ids); !status.ok()) return status;
    const absl::StatusOr<std::vector<int32_t>> labels = LabelsOf(example);
    if (!labels.ok()) return labels.status();
    const int64_t tokens = static_cast<int64_t>(encoding.ids.size());
    if (tokens <= config_.max_tokens()) {
      AddRow(encoding.ids, *labels);
    } else if (absl::Status status = AddLong(example, encoding, *labels); !status.ok()) {
      return status;
    }
    ++examples_;
    return absl::OkStatus();
  }

  void AddRow(absl::Span<const int32_t> ids, absl::Span<const int32_t> labels) {
    set_.ids_.insert(set_.ids_.end(), ids.begin(), ids.end());
    set_.offsets_.push_back(static_cast<int64_t>(set_.ids_.size()));
    set_.labels_.insert(set_.labels_.end(), labels.begin(), labels.end());
    set_.label_offsets_.push_back(static_cast<int64_t>(set_.labels_.size()));
    set_.examples_.push_back(examples_);
  }

  void NextExample() { ++examples_; }

  TokenizedDataset Take() && { return std::move(set_); }

  // What Make promises of the whole set.
  absl::Status Check(const std::string& path) const {
    if (policy_ == LongDocuments::kFail && set_.long_documents_ > 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": ", set_.long_documents_, " of ", examples_, " documents are longer than the ",
          config_.max_tokens(), " tokens of the config; the longest has ", longest_,
          ", the first is ", first_long_, " (--long_documents says what to do with them)"));
    }
    if (set_.size() > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(path, ": each of the ", examples_,
                                                   " documents is longer than the ",
                                                   config_.max_tokens(), " tokens of the config"));
  }

 private:
  absl::Status CheckIds(const Example& example, absl::Span<const int32_t> ids) const {
    if (ids.empty())
      return absl::InvalidArgumentError(PlaceOf(example) + ": the text has no tokens");
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] == config_.pad_token_id) {
        return absl::InvalidArgumentError(absl::StrCat(PlaceOf(example), ": token ", i, " is ",
                                                       ids[i], ", the padding of the config"));
      }
      if (ids[i] < 0 || ids[i] >= config_.vocab_size) {
        return absl::InvalidArgumentError(absl::StrCat(PlaceOf(example), ": token ", i, " is ",
                                                       ids[i], ", expected one below vocab_size, ",
                                                       config_.vocab_size));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<int32_t>> LabelsOf(const Example& example) const {
    std::vector<int32_t> indices;
    for (const std::string& name : example.labels) {
      const std::optional<int32_t> index = labels_.Find(name);
      if (!index.has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat(PlaceOf(example), ": the model does not know the label \"", name, "\""));
      }
      indices.push_back(*index);
    }
    std::sort(indices.begin(), indices.end());
    return indices;
  }

  absl::Status AddLong(const Example& example, const Encoding& encoding,
                       absl::Span<const int32_t> labels) {
    const int64_t tokens = static_cast<int64_t>(encoding.ids.size());
    if (set_.long_documents_++ == 0) first_long_ = PlaceOf(example);
    longest_ = std::max(longest_, tokens);
    if (policy_ == LongDocuments::kFail || policy_ == LongDocuments::kDrop) return absl::OkStatus();
    const auto plan = model::PlanWindows(
        tokens, {.prefix = encoding.prefix,
                 .suffix = encoding.suffix,
                 .max_tokens = config_.max_tokens(),
                 .long_document = policy_ == LongDocuments::kHead ? model::LongDocument::kHead
                                                                  : model::LongDocument::kChunk,
                 .chunk_overlap = model::DefaultChunkOverlap(config_.max_tokens())});
    if (!plan.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(PlaceOf(example), ": ", plan.status().message()));
    }
    for (const model::Window& window : plan->windows) {
      AddRow(model::WindowIds(encoding.ids, window), labels);
    }
    return absl::OkStatus();
  }

  const LabelSet& labels_;
  const model::ModelConfig& config_;
  const LongDocuments policy_;
  TokenizedDataset set_;
  int64_t examples_ = 0;    // added
  int64_t longest_ = 0;     // of the documents over the limit, in tokens
  std::string first_long_;  // of them
};

absl::StatusOr<TokenizedDataset> TokenizedDataset::Make(const ExampleFile& file,
                                                        const Tokenizer& tokenizer,
                                                        const LabelSet& labels,
                                                        const model::ModelConfig& config,
                                                        const TokenizeOptions& options) {
  DatasetBuilder builder(labels, config, options.long_documents);
  const auto examples = absl::MakeConstSpan(file.examples);
  for (size_t begin = 0; begin < examples.size(); begin += kBlock) {
    const auto block = examples.subspan(begin, kBlock);
    const auto encodings = EncodeBlock(block, tokenizer, options.threads);
    for (size_t i = 0; i < block.size(); ++i) {
      if (!encodings[i].ok()) {
        return absl::Status(encodings[i].status().code(),
                            absl::StrCat(PlaceOf(block[i]), ": ", encodings[i].status().message()));
      }
      if (absl::Status status = builder.Add(block[i], *encodings[i]); !status.ok()) return status;
    }
  }
  if (absl::Status status = builder.Check(file.path); !status.ok()) return status;
  return std::move(builder).Take();
}

TokenizedDataset TokenizedDataset::FromIds(const std::vector<std::vector<int32_t>>& ids,
                                           const std::vector<std::vector<int32_t>>& labels) {
  const LabelSet no_names({});
  const model::ModelConfig no_config;
  DatasetBuilder builder(no_names, no_config, LongDocuments::kFail);
  for (size_t row = 0; row < ids.size(); ++row) {
    builder.AddRow(ids[row], labels[row]);
    builder.NextExample();
  }
  return std::move(builder).Take();
}

int64_t TokenizedDataset::longest() const {
  int64_t longest = 0;
  for (int64_t row = 0; row < size(); ++row) longest = std::max(longest, length(row));
  return longest;
}

std::vector<int64_t> TokenizedDataset::first_rows() const {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < size(); ++row) {
    if (row == 0 || example(row) != example(row - 1)) rows.push_back(row);
  }
  return rows;
}

std::vector<int64_t> TokenizedDataset::label_counts(int labels) const {
  std::vector<int64_t> counts(labels);
  for (const int32_t label : labels_) ++counts[label];
  return counts;
}

std::vector<int64_t> TokenizedDataset::lengths() const {
  std::vector<int64_t> lengths(size());
  for (int64_t row = 0; row < size(); ++row) lengths[row] = length(row);
  return lengths;
}

}  // namespace diffuser::training
