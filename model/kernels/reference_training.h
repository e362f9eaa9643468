#ifndef DIFFUSER_MODEL_KERNELS_REFERENCE_TRAINING_H_
#define DIFFUSER_MODEL_KERNELS_REFERENCE_TRAINING_H_

#include <memory>

#include "model/kernels/training_kernels.h"

namespace diffuser::kernels {

// The definition of TrainingKernels: plain loops over AttentionGraph::Sources, in double, on the
// calling thread alone (`parallel` is not used). Slow; the other implementation is tested against
// it, and it against finite differences.
std::unique_ptr<const TrainingKernels> MakeReferenceTrainingKernels();

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_REFERENCE_TRAINING_H_
