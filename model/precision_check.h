#ifndef DIFFUSER_MODEL_PRECISION_CHECK_H_
#define DIFFUSER_MODEL_PRECISION_CHECK_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/classifier.h"
#include "model/model_config.h"
#include "model/packed_batch.h"

namespace diffuser::model {

// A few documents of mixed lengths, their tokens drawn from the whole vocabulary: always the same
// ones for a config. Some 250 tokens: the check must cost a start little.
PackedBatch CheckDocuments(const ModelConfig& config);

// Compares answers with those of float32. They pass where, for every document,
//   - no score (softmax or sigmoid) differs by more than 0.05: rounding of twelve layers moves a
//     score by 0.01 to 0.02, a kernel that is wrong on this machine by anything up to 1;
//   - no logit differs by more than a hundredth of the range that the logits and 0 span: where all
//     scores are near 0 or 1 they hide what happens to the logits. The default checkpoint's differ
//     by 0.002 of it in bfloat16, which keeps the highest label of 99.9 % of its evaluation
//     documents; int8 in all layers differed by 0.013, and kept 99.4 %;
//   - the highest label scores within 0.05 of the highest in float32.
// REQUIRES: as many of both.
PrecisionCheck CompareWithFloat32(const ModelConfig& config, Precision precision,
                                  absl::Span<const Classification> expected,
                                  absl::Span<const Classification> actual);

using MakeClassifier =
    absl::FunctionRef<absl::StatusOr<std::shared_ptr<const Classifier>>(Precision)>;

// The first of the candidates whose answers agree with those of `float32`; where none does, the one
// that make(kFloat32) gives. Only one candidate is held at a time. `report` (may be null) is told
// of each. Errors: those of `make`, and of classifying.
absl::StatusOr<std::shared_ptr<const Classifier>> FirstThatAgrees(
    const Classifier& float32, absl::Span<const Precision> candidates, MakeClassifier make,
    const std::function<void(const PrecisionCheck&)>& report);

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_PRECISION_CHECK_H_
