#ifndef DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_

#include <memory>

#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels {

// AttentionKernels for CPUs: the structure of the graph made use of, in float32, by the widest
// vectors that the machine has (chosen at run time). One task per document and head, so that a
// document's bits depend neither on its batch nor on the threads.
//
// Memory: each thread that runs tasks keeps a workspace until it ends, as large as the longest
// document it has seen needs: about 4 * (4 D + 1.5 w + 2 G + R) bytes per token, for window w, G
// global nodes and R random edges per token; 9 MB for 4,096 tokens of the base shape.
// DiffuseFirstToken also takes 4 * H * T bytes while it runs, where evidence is asked for.
std::unique_ptr<const AttentionKernels> MakeCpuKernels();

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_
