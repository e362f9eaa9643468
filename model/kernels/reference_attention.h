#ifndef DIFFUSER_MODEL_KERNELS_REFERENCE_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_REFERENCE_ATTENTION_H_

#include <memory>

#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels {

// The definition of AttentionKernels: plain loops over AttentionGraph::Sources, in double, on the
// calling thread alone (`parallel` is not used). Slow; the other implementations are tested against
// it.
std::unique_ptr<const AttentionKernels> MakeReferenceKernels();

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_REFERENCE_ATTENTION_H_
