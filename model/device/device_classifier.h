#ifndef DIFFUSER_MODEL_DEVICE_DEVICE_CLASSIFIER_H_
#define DIFFUSER_MODEL_DEVICE_DEVICE_CLASSIFIER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/device/runtime.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/cuda/stream_kernels.h"
#include "model/layers/parameters.h"

namespace diffuser::device {

// What a classifier on a device is made of.
struct DeviceParts {
  std::shared_ptr<Runtime> runtime;
  // For the checkpoint's graph and shape; or why there are none.
  absl::StatusOr<std::shared_ptr<const kernels::cuda::StreamKernels>> kernels;
  std::shared_ptr<const layers::ParameterSource> parameters;
  std::shared_ptr<const graph::AttentionGraph> graph;
};

// Two batches at once.
inline constexpr int kLanes = 2;

// Copies the weights to the device, checks the kernels there, and takes the memory of all batches
// to come, for as many of the options' tokens as there is room for: half of them, a quarter, ...,
// but no fewer than the longest document has (max_batch_tokens() says how many). Tells
// options.on_fallback of kernels that are not used ("no_kernels", "self_check") and of graphs that
// are not ("no_graphs").
//
// `precision`: kBFloat16, kFloat16, or kFloat32, whose dense layers then use TF32 (in the whole
// process) and whose attention is computed in float16.
//
// The classifier is as the facade says, but that a document's logits may differ in rounding from
// batch to batch: dense products choose other orders of summation for other numbers of rows.
// Errors: FAILED_PRECONDITION (another precision), RESOURCE_EXHAUSTED (no room even for the longest
// document), INTERNAL (the device fails).
absl::StatusOr<std::shared_ptr<const model::Classifier>> MakeDeviceClassifier(
    const DeviceParts& parts, model::Precision precision, const model::LoadOptions& options);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_DEVICE_CLASSIFIER_H_
