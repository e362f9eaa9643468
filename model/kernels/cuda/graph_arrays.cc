#include "model/kernels/cuda/graph_arrays.h"

#include <algorithm>

#include "model/kernels/cuda/memory_layout.h"

namespace diffuser::kernels::cuda {
namespace {

struct BlockArrays {
  BlockArrays(const GraphArrays& graph, std::byte* block) : layout(block) {
    is_global = layout.Take<uint8_t>(graph.is_global.size());
    globals = layout.Take<uint16_t>(graph.globals.size());
    random_sources = layout.Take<uint16_t>(graph.random.sources.size());
    strip_groups = layout.Take<int32_t>(graph.random.strip_groups.size());
  }

  MemoryLayout layout;
  uint8_t* is_global;
  uint16_t* globals;
  uint16_t* random_sources;
  int32_t* strip_groups;
};

}  // namespace

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
          .strip_groups = random.strip_groups.data()};
}

std::vector<std::byte> GraphArrays::Block() const {
  const BlockArrays size(*this, nullptr);
  std::vector<std::byte> bytes(size.layout.bytes());
  const BlockArrays to(*this, bytes.data());
  std::copy(is_global.begin(), is_global.end(), to.is_global);
  std::copy(globals.begin(), globals.end(), to.globals);
  std::copy(random.sources.begin(), random.sources.end(), to.random_sources);
  std::copy(random.strip_groups.begin(), random.strip_groups.end(), to.strip_groups);
  return bytes;
}

GraphView GraphArrays::ViewOf(const std::byte* at) const {
  const BlockArrays arrays(*this, const_cast<std::byte*>(at));  // for its addresses alone
  return {.block = block,
          .local_end = local_end,
          .is_global = arrays.is_global,
          .globals = arrays.globals,
          .random_sources = arrays.random_sources,
          .strip_groups = arrays.strip_groups};
}

}  // namespace diffuser::kernels::cuda
