#ifndef DIFFUSER_MODEL_KERNELS_CPU_TRAINING_H_
#define DIFFUSER_MODEL_KERNELS_CPU_TRAINING_H_

#include <memory>

#include "model/kernels/training_kernels.h"

namespace diffuser::kernels {

// TrainingKernels for CPUs, on the parts of the cpu kernels of serving: float32, the widest vectors
// that the machine has, one task per document and head.
//
// Memory: each thread keeps a workspace until it ends, as large as the longest document it has seen
// needs: about 4 * (D * (9 + 3 K) + 3 * (1.5 w + 2 G + R)) bytes per token; 36 MB for 4,096 tokens
// of the base shape.
std::unique_ptr<const TrainingKernels> MakeCpuTrainingKernels();

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_TRAINING_H_
