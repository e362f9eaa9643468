#ifndef DIFFUSER_MODEL_CLASSIFIER_H_
#define DIFFUSER_MODEL_CLASSIFIER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/model_config.h"
#include "model/packed_batch.h"

namespace diffuser::model {

// Arithmetic of the dense layers. kAuto takes the fastest that this machine is fast in and that
// passes a check against float32 when the checkpoint is loaded. In int8, weights are whole numbers
// with a scale for each output, and activations whole numbers with a scale for each token.
enum class Precision { kAuto, kFloat32, kBFloat16, kInt8 };

// "float32", "bfloat16", "int8", or "auto".
std::string PrecisionName(Precision precision);
// Errors: INVALID_ARGUMENT naming the known ones.
absl::StatusOr<Precision> PrecisionFromName(std::string_view name);

// How a precision did against float32 on a few generated documents.
struct PrecisionCheck {
  Precision precision = Precision::kFloat32;
  double largest_logit_difference = 0;
  double largest_score_difference = 0;  // of softmax or sigmoid; 0 for regression
  int same_top_labels = 0;              // documents whose highest label is the same
  int documents = 0;
  bool passed = false;
};

// How a checkpoint is loaded.
struct LoadOptions {
  // "cpu", or "cuda" or "cuda:N" for a device that computes the attention, in bfloat16, while the
  // dense layers stay on the CPU. "auto" is the CPU.
  std::string device = "auto";
  Precision precision = Precision::kAuto;  // of the dense layers; the CPU's attention sums float32
  std::string kernels = "cpu";  // AttentionKernels: "cpu", or "reference" (slow, for tests)
  int compute_threads = 1;      // >= 1; threads that one batch is spread over
  // Told the details of an internal error, which the Status that a caller sees leaves out. May be
  // null; called on the thread that computes.
  std::function<void(const std::string& details)> on_internal_error = nullptr;
  // Told what came of each precision that kAuto tried. May be null; called on the loading thread.
  std::function<void(const PrecisionCheck& check)> on_precision_check = nullptr;
};

// What the classifier says of one document.
struct Classification {
  std::vector<float> logits;  // [labels]
  // Where the decision came from: the share of each token's value vector in what the classifier
  // read, averaged over the last layer's heads, [document length]. Sums to 1 where every reached
  // token has an in-edge. Empty unless it was asked for.
  std::vector<float> evidence;
};

// A loaded checkpoint with a classification head: token ids in, logits out.
//
//   auto classifier = Classifier::Load("/models/licences", {.compute_threads = 2});
//   auto answers = (*classifier)->Classify(batch, {});
//
// Free of LibTorch in its interface, so that the server never sees it; no exception leaves it.
// Immutable once loaded and thread-safe. One Classify uses up to `compute_threads` cores, so
// callers run one at a time. A document's logits do not depend on the rest of its batch, bit for
// bit.
class Classifier {
 public:
  // Reads, checks and prepares the checkpoint directory `dir` (Hugging Face layout).
  // Blocks: for the time of reading and prepacking the weights.
  // Errors: NOT_FOUND (no such directory or file), INVALID_ARGUMENT (bad option, or a checkpoint
  // whose config, names, shapes or bytes are wrong; the message names file and tensor),
  // FAILED_PRECONDITION (the device or precision is not to be had on this machine),
  // RESOURCE_EXHAUSTED (out of memory). None is worth a retry without a change.
  static absl::StatusOr<std::shared_ptr<const Classifier>> Load(const std::string& dir,
                                                                const LoadOptions& options);

  virtual ~Classifier() = default;

  virtual const ModelConfig& config() const = 0;
  virtual std::string device() const = 0;    // "cpu" or "cuda:N"
  virtual Precision precision() const = 0;   // never kAuto
  virtual int64_t weight_bytes() const = 0;  // memory held by weights, prepacked copies included

  // Whether one document can be classified: 1 to config().max_tokens() ids, each in
  // [0, vocab_size) and none of them the padding id. Errors: INVALID_ARGUMENT.
  virtual absl::Status Validate(absl::Span<const int32_t> ids) const = 0;

  // Classifies every document of the batch, in order; `evidence[i]` asks for document i's evidence
  // (empty: for none). REQUIRES: every document passes Validate; evidence.size() is 0 or
  // batch.documents().
  // Blocks: while it computes. Errors: RESOURCE_EXHAUSTED (out of memory; retry with a smaller
  // batch), INTERNAL (details are in the log only).
  virtual absl::StatusOr<std::vector<Classification>> Classify(
      const PackedBatch& batch, const std::vector<bool>& evidence) const = 0;
};

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_CLASSIFIER_H_
