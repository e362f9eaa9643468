#ifndef DIFFUSER_MODEL_CLASSIFIER_H_
#define DIFFUSER_MODEL_CLASSIFIER_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
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
// with a scale for each output, and activations whole numbers with a scale for each token. float16
// is for devices alone, int8 for the CPU; on a device float32 is TF32, with attention in float16.
enum class Precision { kAuto, kFloat32, kBFloat16, kFloat16, kInt8 };

// "float32", "bfloat16", "float16", "int8", or "auto".
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

// Why something slower than was hoped for computes: a bounded set of names, for a metric.
struct Fallback {
  // No CUDA: "no_library" (of kernels), "no_driver", "no_device", "no_libtorch" (for CUDA). On a
  // device, LibTorch's operators, or launches one by one: "no_kernels", "self_check", "no_graphs".
  std::string reason;
  std::string details;  // one line for the log
};

// The devices that a flag's value stands for, in order, each "cpu" or "cuda:N":
//   "cpu"                the CPU
//   "auto"               every CUDA device that can be used, the CPU where there is none
//   "cuda"               the first CUDA device
//   "cuda:all"           every CUDA device
//   "cuda:N[,cuda:M]..."  these
// `on_fallback` (may be null) is told why "auto" found none.
// Errors: INVALID_ARGUMENT (another value), FAILED_PRECONDITION (no such device, in one line).
absl::StatusOr<std::vector<std::string>> FindDevices(
    const std::string& device, const std::function<void(const Fallback&)>& on_fallback);

// Memory of a device that is not the host's, all processes' together, in bytes.
struct DeviceMemory {
  int64_t used = 0;
  int64_t free = 0;
};

// How a checkpoint is loaded.
struct LoadOptions {
  // One of those that FindDevices gives.
  std::string device = "cpu";
  Precision precision = Precision::kAuto;  // of the dense layers; the CPU's attention sums float32
  std::string kernels = "cpu";  // AttentionKernels: "cpu", or "reference" (slow, for tests)
  int compute_threads = 1;      // >= 1; threads that one batch is spread over
  // The most tokens of a batch, for which a device's memory is taken when the checkpoint is loaded;
  // see Classifier::max_batch_tokens. The longest document is held in any case.
  int max_batch_tokens = 4096;
  // Told the details of an internal error, which the Status that a caller sees leaves out. May be
  // null; called on the thread that computes.
  std::function<void(const std::string& details)> on_internal_error = nullptr;
  // Told what came of each precision that kAuto tried. May be null; called on the loading thread.
  std::function<void(const PrecisionCheck& check)> on_precision_check = nullptr;
  // Told of kernels that are not used and of what takes their place. May be null; called on the
  // loading thread.
  std::function<void(const Fallback& fallback)> on_fallback = nullptr;
  // Told how long a part of a batch ran on a device, of a sample of the batches. May be null;
  // called on threads that compute.
  std::function<void(std::string_view part, double seconds)> on_device_part = nullptr;
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
// Immutable once loaded and thread-safe. On the CPU one Classify uses up to `compute_threads`
// cores, so callers run one at a time; on a device, `concurrency` at a time. A document's logits do
// not depend on the rest of its batch: bit for bit in float32 and int8 on the CPU, within rounding
// elsewhere.
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

  // Calls of Classify that it works on at once; more than one wait for each other.
  virtual int concurrency() const { return 1; }
  // The most tokens of a batch that is worth a call: less than LoadOptions says where a device's
  // memory is short. A single document may be longer.
  virtual int max_batch_tokens() const { return std::numeric_limits<int>::max(); }
  // UNAVAILABLE where the device has failed in a way that no later call of this process survives.
  virtual absl::Status health() const { return absl::OkStatus(); }
  // None on the CPU, or where the device does not say.
  virtual std::optional<DeviceMemory> device_memory() const { return std::nullopt; }

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
