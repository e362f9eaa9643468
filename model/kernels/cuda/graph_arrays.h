#ifndef DIFFUSER_MODEL_KERNELS_CUDA_GRAPH_ARRAYS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_GRAPH_ARRAYS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/kernels/cuda/layout.h"
#include "model/kernels/cuda/random_groups.h"

namespace diffuser::kernels::cuda {

// An AttentionGraph as the kernels read it, in host memory. Immutable after construction.
struct GraphArrays {
  // REQUIRES: graph.nodes() < 65536, for kNoSource is none of them.
  explicit GraphArrays(const graph::AttentionGraph& graph);

  // The graph, with its arrays in this object.
  GraphView view() const;

  // All arrays in one block, to be copied to a device as it is.
  std::vector<std::byte> Block() const;
  // The graph of such a block that lies at `block`, on the host or on a device.
  GraphView ViewOf(const std::byte* block) const;

  int nodes;
  int block;
  int local_end;
  int band_tiles;  // the most that a strip's local sources take, in documents of any length
  std::vector<uint8_t> is_global;
  std::vector<uint16_t> globals;
  RandomGroups random;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_GRAPH_ARRAYS_H_
