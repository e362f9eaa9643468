#ifndef DIFFUSER_MODEL_KERNELS_CUDA_DOCUMENT_CLASSES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_DOCUMENT_CLASSES_H_

#include <vector>

#include "model/kernels/cuda/batch_bounds.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// What the kernels need to know of a device.
struct DeviceLimits {
  int shared_bytes = 0;    // a block may have
  int cluster_blocks = 1;  // a cluster may have; 1 where there are none
};

// Documents of one range of lengths: longer than those of the class before. How a document is
// computed, and so every bit of it, hangs on its class alone.
struct DocumentClass {
  int width = 0;  // W, of the hops
  int parts = 1;  // P, blocks a cluster
  int longest = 0;
};

// The classes of the kernels that take whole documents, on one device; up to kMostClasses each.
struct DocumentClasses {
  DocumentClasses(const DeviceLimits& limits, int heads, int head_dim);

  int longest() const;  // document that fits the device, 0 where none does

  std::vector<DocumentClass> hops;
  std::vector<DocumentClass> first_tokens;
};

// The launches that serve every batch within the bounds, longest documents first.
std::vector<DocumentsLaunch> LaunchesFor(const std::vector<DocumentClass>& classes,
                                         const BatchBounds& bounds);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_DOCUMENT_CLASSES_H_
