#ifndef DIFFUSER_MODEL_TRAINING_DATA_TOKENIZED_DATASET_H_
#define DIFFUSER_MODEL_TRAINING_DATA_TOKENIZED_DATASET_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/model_config.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/data/examples.h"
#include "model/training/data/label_set.h"

namespace diffuser::training {

// What becomes of a document of more tokens than the model reads.
enum class LongDocuments {
  kFail,   // an error that counts them
  kHead,   // its beginning is kept, and the special tokens at its end
  kChunk,  // it becomes several rows: the overlapping windows that the server cuts it into
  kDrop    // it is left out
};

struct TokenizeOptions {
  int threads = 1;  // >= 1
  LongDocuments long_documents = LongDocuments::kFail;
};

// A data set as the model reads it: token ids, special tokens included, and label indices, each in
// one piece of memory. A row is a document, or one window of it under LongDocuments::kChunk.
// Immutable and thread-safe once made.
class TokenizedDataset {
 public:
  // An empty one.
  TokenizedDataset() = default;

  // Tokenizes the examples. The ids fit `config`: each is below its vocabulary's size and none is
  // its padding.
  // Blocks: for the time of tokenization, on options.threads threads.
  // Errors: INVALID_ARGUMENT: a label that is none of `labels`; an id that does not fit the config;
  // documents over config.max_tokens() under kFail (how many, the longest, the first one's file and
  // line); no document left under kDrop.
  static absl::StatusOr<TokenizedDataset> Make(const ExampleFile& file,
                                               const tokenizer::Tokenizer& tokenizer,
                                               const LabelSet& labels,
                                               const model::ModelConfig& config,
                                               const TokenizeOptions& options);

  // For tests and data made elsewhere: one example a row. REQUIRES: ids.size() == labels.size().
  static TokenizedDataset FromIds(const std::vector<std::vector<int32_t>>& ids,
                                  const std::vector<std::vector<int32_t>>& labels);

  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }  // rows
  int64_t tokens() const { return offsets_.back(); }                          // of all rows
  int64_t longest() const;                                                    // row, in tokens
  int64_t long_documents() const {
    return long_documents_;
  }  // over the limit, whatever became of them

  int64_t length(int64_t row) const { return offsets_[row + 1] - offsets_[row]; }
  absl::Span<const int32_t> ids(int64_t row) const {
    return absl::MakeConstSpan(ids_).subspan(offsets_[row], length(row));
  }
  // Ascending; exactly one in a single-label set.
  absl::Span<const int32_t> labels(int64_t row) const {
    return absl::MakeConstSpan(labels_).subspan(label_offsets_[row],
                                                label_offsets_[row + 1] - label_offsets_[row]);
  }
  // The index of the row's document in ExampleFile::examples; never falls from row to row.
  int64_t example(int64_t row) const { return examples_[row]; }

  std::vector<int64_t> lengths() const;  // [rows], in tokens
  // The first row of each document, [documents], ascending.
  std::vector<int64_t> first_rows() const;
  // How many rows have each label, [labels]. REQUIRES: every label index is below `labels`.
  std::vector<int64_t> label_counts(int labels) const;

 private:
  friend class DatasetBuilder;

  std::vector<int32_t> ids_;                  // [tokens]
  std::vector<int64_t> offsets_ = {0};        // [rows + 1]
  std::vector<int32_t> labels_;               // of all rows
  std::vector<int64_t> label_offsets_ = {0};  // [rows + 1]
  std::vector<int64_t> examples_;             // [rows]
  int64_t long_documents_ = 0;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_TOKENIZED_DATASET_H_
