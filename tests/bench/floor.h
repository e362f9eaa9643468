#ifndef DIFFUSER_TESTS_BENCH_FLOOR_H_
#define DIFFUSER_TESTS_BENCH_FLOOR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/model_config.h"

namespace diffuser::bench {

struct FloorSeconds {
  double whole = 0;      // every layer's linear layers over all tokens
  double whole_cpu = 0;  // the same in CPU time
  // Without those of the last layer that the engine runs for one token a document.
  double needed = 0;
};

struct FloorOptions {
  std::string device = "cpu";  // one that an engine was loaded on
  model::Precision precision = model::Precision::kFloat32;
  int threads = 1;
  // Whether outputs come to lie in memory that earlier ones lay in. LibTorch's allocator does not
  // provide for that on the CPU: for each large tensor the kernel clears new pages.
  bool reuse_memory = true;
};

// What no encoder of a shape can go below: its linear layers (q, k and v as one; the attention's
// output; the feed-forward's two, with the activation fused) and nothing else, in the fastest form
// that LibTorch offers: on the CPU, oneDNN's linear with prepacked weights; on a device, see
// device_floor.h. Random weights, of every layer its own. Not thread-safe.
class Floor {
 public:
  // The precision that an engine of `precision` on `device`, which has it, is compared with: its
  // own, but bfloat16 for int8, and float32 for int8 on a CPU that has no bfloat16.
  static model::Precision PrecisionFor(model::Precision precision, const std::string& device);

  // Errors: FAILED_PRECONDITION (this machine lacks the precision), RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Floor>> Make(const model::ModelConfig& config,
                                                     const FloorOptions& options);

  virtual ~Floor() = default;

  // Runs all of it for a batch of that many tokens and documents.
  // Errors: RESOURCE_EXHAUSTED (out of memory), INTERNAL.
  virtual absl::StatusOr<FloorSeconds> Run(int tokens, int documents) = 0;
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_FLOOR_H_
