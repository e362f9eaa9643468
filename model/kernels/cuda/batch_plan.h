#ifndef DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/graph_arrays.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// What the kernels need to know of a device.
struct DeviceLimits {
  int shared_bytes = 0;    // a block may have
  int cluster_blocks = 1;  // a cluster may have; 1 where there are none
};

// How a batch is laid out and launched, in host memory: the arrays are to be copied to the device.
// What a document's width and parts are hangs on its own length and the device alone, so that its
// bits are the same in every batch.
struct BatchPlan {
  // Errors: INVALID_ARGUMENT where the head size is no multiple of 8 or a document is longer than
  // the device's shared memory allows (LongestDocument).
  // REQUIRES: offsets as PackedBatch::offsets(), no document longer than the graph.
  static absl::StatusOr<BatchPlan> Make(const GraphArrays& graph, const DiffusionShape& shape,
                                        absl::Span<const int32_t> offsets,
                                        const DeviceLimits& limits);

  // The batch with its arrays in this object; a copy on a device has other pointers.
  BatchView view() const;

  int tokens = 0;
  std::vector<Document> documents;
  std::vector<int32_t> strip_starts;  // [documents + 1]
  std::vector<int32_t> chunk_starts;  // [documents + 1]
  std::vector<int32_t> hop_order;     // documents, launch by launch
  std::vector<int32_t> first_token_order;
  std::vector<DocumentsLaunch> hops;
  std::vector<DocumentsLaunch> first_tokens;
  int64_t tiles = 0;  // of all heads, as are the next two
  int64_t groups = 0;
  int64_t chunks = 0;
};

// The longest document whose hops fit the device, 0 where none does.
int LongestDocument(const DeviceLimits& limits);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_
