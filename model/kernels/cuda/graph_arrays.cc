#include "model/kernels/cuda/graph_arrays.h"

#include <algorithm>

namespace diffuser::kernels::cuda {

GraphArrays::GraphArrays(const graph::AttentionGraph& graph)
    : nodes(graph.nodes()),
      block(graph.block()),
      local_end(graph.nodes() / graph.block() * graph.block()),
      band_tiles(0),
      globals(graph.globals().begin(), graph.globals().end()),
      random(graph) {
  for (int node = 0; node < nodes; ++node) is_global.push_back(graph.is_global(node));
  for (int strip = 0; strip < CeilDiv(nodes, kStripRows); ++strip) {
    const Range sources = StripSources(view(), strip, nodes);
    band_tiles = std::max(band_tiles, CeilDiv(sources.end - sources.begin, kTileSources));
  }
}

GraphView GraphArrays::view() const {
  return {.block = block,
          .local_end = local_end,
          .is_global = is_global.data(),
          .globals = globals.data(),
          .random_sources = random.sources.data(),
          .group_first = random.first.data(),
          .strip_groups = random.strip_groups.data()};
}

}  // namespace diffuser::kernels::cuda
