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
// sources is free, so they are dealt out to the steps for few conflicts.
//
// So a row's sources come in no order, and a short document would have to read all of them to find
// the few that it has. Therefore there is a list for every class of lengths, four to an octave,
// with the sources below the longest of its documents: all together they take 3.6 times what the
// longest takes.
struct RandomGroups {
  // Documents of up to that many tokens, and more than the class before.
  struct Class {
    int longest;
    int first_strip;  // where its strips begin in strip_groups
  };

  explicit RandomGroups(const graph::AttentionGraph& graph);

  // REQUIRES: 1 <= length <= nodes of the graph.
  const Class& ClassOf(int length) const;

  std::vector<uint16_t> sources;      // [groups][kStripRows][kGroup], kNoSource where none is left
  std::vector<int32_t> strip_groups;  // of each class [its strips + 1], groups before the strip
  std::vector<Class> classes;         // ascending
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_RANDOM_GROUPS_H_
