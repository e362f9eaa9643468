#ifndef DIFFUSER_MODEL_KERNELS_CUDA_RANDOM_GROUPS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_RANDOM_GROUPS_H_

#include <cstdint>
#include <vector>

#include "model/graph/attention_graph.h"

namespace diffuser::kernels::cuda {

// The random sources of a graph in the order in which the kernels read them: for the 16 rows of a
// strip together, group after group, 8 sources of each row a group (layout.h).
//
// What a step reads, one source of each row, comes from shared memory in two halves of 8 rows, each
// at the cost of one read if the 8 sources differ modulo 8 (they then lie in different banks), and
// of as many reads as the most frequent remainder has sources otherwise. The order of a row's
// sources is free, so they are dealt out to the steps for few conflicts; only by windows of
// two groups are they ascending, so that short documents stop early.
struct RandomGroups {
  explicit RandomGroups(const graph::AttentionGraph& graph);

  std::vector<uint16_t> sources;      // [groups][kStripRows][kGroup], kNoSource where none is left
  std::vector<uint16_t> first;        // [groups], no source of this group or a later one is below
  std::vector<int32_t> strip_groups;  // [strips + 1], groups of the strips before
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_RANDOM_GROUPS_H_
