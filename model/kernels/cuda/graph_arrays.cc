#include "model/kernels/cuda/graph_arrays.h"

#include <algorithm>

namespace diffuser::kernels::cuda {

GraphArrays::GraphArrays(const graph::AttentionGraph& graph)
    : nodes(graph.nodes()),
      block(graph.block()),
      local_end(graph.nodes() / graph.block() * graph.block()),
      band_tiles(0),
      globals(graph.globals().begin(), graph.globals().end()),
      random_offsets{0} {
  for (int node = 0; node < nodes; ++node) {
    is_global.push_back(graph.is_global(node));
    const auto sources = graph.random_sources(node);
    random_sources.insert(random_sources.end(), sources.begin(), sources.end());
    random_sources.resize((random_sources.size() + kGroup - 1) / kGroup * kGroup, kNoSource);
    random_offsets.push_back(static_cast<int32_t>(random_sources.size()));
  }
  for (int strip = 0; strip < CeilDiv(nodes, kStripRows); ++strip) {
    const SourceRange sources = StripSources(view(), strip, nodes);
    band_tiles = std::max(band_tiles, CeilDiv(sources.end - sources.begin, kTileSources));
  }
}

GraphView GraphArrays::view() const {
  return {.block = block,
          .local_end = local_end,
          .is_global = is_global.data(),
          .globals = globals.data(),
          .random_offsets = random_offsets.data(),
          .random_sources = random_sources.data()};
}

}  // namespace diffuser::kernels::cuda
