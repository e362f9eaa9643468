#ifndef DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_WEIGHTS_H_
#define DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_WEIGHTS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/weight_files.h"
#include "model/training/convert/roberta_config.h"

namespace diffuser::training {

// The result's tensors, under their published names.
struct ConvertedWeights {
  std::vector<checkpoint::NamedTensor> tensors;
  std::deque<std::vector<float>> values;  // owns what the tensors point to
  std::vector<std::string> dropped;
  std::string new_head_reason;  // empty: the classification head was kept
};

// Renames, extends and completes RoBERTa's tensors (with or without the prefix `roberta.`) as
// ConvertRoberta says.
// Errors: INVALID_ARGUMENT naming file and tensor.
absl::StatusOr<ConvertedWeights> ConvertWeights(const RobertaConfig& config,
                                                const checkpoint::WeightFiles& files,
                                                uint64_t seed);

// `rows` of position embeddings, [from, hidden], as [to, hidden]: the first `kept` as they are, the
// ones after them over and over. REQUIRES: from > kept; rows.size() is from * hidden.
std::vector<float> RepeatPositions(absl::Span<const float> rows, int hidden, int kept, int to);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_WEIGHTS_H_
