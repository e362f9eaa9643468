#ifndef DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/kernels/cuda/batch_bounds.h"
#include "model/kernels/cuda/document_classes.h"
#include "model/kernels/cuda/graph_arrays.h"
#include "model/kernels/cuda/layout.h"

// The plan of a batch: what kernels need to know of it, in one block of memory whose size and
// layout hang on the bounds alone. It is written on the host and copied to the device as it is.
namespace diffuser::kernels::cuda {

size_t PlanBytes(const BatchBounds& bounds);

// The batch of a plan that lies, or will lie, at `plan`, on the host or on a device.
BatchView PlanView(const BatchBounds& bounds, const std::byte* plan);

// What plans are written for. Owns nothing.
struct PlanContext {
  const GraphArrays& graph;
  const DocumentClasses& classes;
  int heads;
};

// Writes the plan of a batch to host memory of PlanBytes(bounds); offsets as
// PackedBatch::offsets(). Errors: INVALID_ARGUMENT (not within the bounds, or a document that is
// longer than the graph or does not fit the device).
absl::Status WritePlan(const PlanContext& context, const BatchBounds& bounds,
                       absl::Span<const int32_t> offsets, std::byte* plan);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_BATCH_PLAN_H_
