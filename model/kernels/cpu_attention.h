#ifndef DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_

#include <memory>

#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels {

// AttentionKernels for CPUs: the structure of the graph made use of, by the widest vectors that the
// machine has (chosen at run time). One task per document and head, so that a document's bits
// depend neither on its batch nor on the threads.
//
// Of bfloat16 projections, the attention weights and every h_k are kept in bfloat16 and summed in
// float32, where the machine has AVX-512 with bfloat16 dot products: 0.6 of float32's time, with
// errors of 0.24 % r.m.s. that do not grow with the hops. Elsewhere they are computed in float32.
//
// Memory: each thread that runs tasks keeps a workspace until it ends, as large as the longest
// document it has seen needs, for window w, G global nodes and R random edges per token: in float32
// about 4 (4 D + 1.5 w + 2 G + R) bytes per token, 9 MB for 4,096 tokens of the base shape; in
// bfloat16 2 (5 D + 1.5 w + 4 G + R), 6 MB.
std::unique_ptr<const AttentionKernels> MakeCpuKernels();

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_ATTENTION_H_
