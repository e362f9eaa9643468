#include "model/kernels/cuda/batch_sizes.h"

#include <algorithm>
#include <bit>

namespace diffuser::kernels::cuda {
namespace {

int CountBelow(const std::vector<uint16_t>& ascending, int length) {
  return static_cast<int>(std::lower_bound(ascending.begin(), ascending.end(), length) -
                          ascending.begin());
}

}  // namespace

Document MakeDocument(const GraphArrays& graph, int length) {
  const int graph_strip = graph.random.ClassOf(length).first_strip;
  const int32_t* groups = graph.random.strip_groups.data() + graph_strip;
  Document d = {.first_token = 0,
                .length = length,
                .globals = CountBelow(graph.globals, length),
                .band_tiles = graph.band_tiles,
                .first_chunk = 0,
                .chunks_per_head = 0,
                .first_tile = 0,
                .tiles_per_head = 0,
                .first_group = 0,
                .groups_per_head = groups[CeilDiv(length, kStripRows)] - groups[0],
                .graph_strip = graph_strip,
                .graph_group = groups[0]};
  d.chunks_per_head = GlobalStrips(d) * ChunksPerStrip(d);
  d.tiles_per_head =
      int64_t{Strips(d)} * (d.band_tiles + ColumnTiles(d)) + int64_t{GlobalStrips(d)} * RowTiles(d);
  return d;
}

MatrixSizes SizesOf(const Document& document) {
  return {.strips = Strips(document),
          .tiles = document.tiles_per_head,
          .groups = document.groups_per_head,
          .chunks = document.chunks_per_head};
}

MostSizes::MostSizes(const GraphArrays& graph) {
  Envelopes envelopes;
  for (int length = 1; length <= graph.nodes; ++length) {
    const MatrixSizes sizes = SizesOf(MakeDocument(graph, length));
    envelopes.strips.Append(sizes.strips);
    envelopes.tiles.Append(sizes.tiles);
    envelopes.groups.Append(sizes.groups);
    envelopes.chunks.Append(sizes.chunks);
    if (std::has_single_bit(static_cast<unsigned>(length)) || length == graph.nodes) {
      up_to_.push_back(envelopes);
    }
  }
}

MatrixSizes MostSizes::Of(const BatchBounds& bounds) const {
  if (bounds.longest < 1 || bounds.documents < 1) return {};
  const size_t at = std::bit_width(static_cast<unsigned>(bounds.longest - 1));
  const Envelopes& most = up_to_[std::min(at, up_to_.size() - 1)];
  const int documents = Smaller(bounds.documents, bounds.tokens);
  return {.strips = most.strips.MostOfSum(documents, bounds.tokens),
          .tiles = most.tiles.MostOfSum(documents, bounds.tokens),
          .groups = most.groups.MostOfSum(documents, bounds.tokens),
          .chunks = most.chunks.MostOfSum(documents, bounds.tokens)};
}

}  // namespace diffuser::kernels::cuda
