#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_BLOCK_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_BLOCK_H_

#include <cstddef>

#include "tests/model/kernels/cuda/shim/shared_memory.h"

namespace diffuser::kernels::cuda::shim {

// What the threads of one block share.
class Block {
 public:
  Block(int rank_in_cluster, size_t shared_bytes) : rank(rank_in_cluster), shared(shared_bytes) {}

  const int rank;
  int ended_threads = 0;
  SharedMemory shared;
};

}  // namespace diffuser::kernels::cuda::shim

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_BLOCK_H_
