#ifndef DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_

#include "model/kernels/cuda/score_tiles.cuh"
#include "primitives.h"

// One warp's products of tiles and groups of A with rows of h, of which W columns lie in shared
// memory.
namespace diffuser::kernels::cuda {

// Rows of W halves in shared memory, W = 8 or 16. At 16, every second four rows have their halves
// swapped: the eight rows that ldmatrix reads at once then lie in different banks.
template <class Half, int W>
class Slab {
  static_assert(W == 8 || W == 16);

 public:
  __device__ explicit Slab(const SharedArray<Half>& data) : data_(data) {}

  // `piece` counts 8 columns.
  __device__ int Index(int row, int piece) const {
    return row * W + (W == 16 ? (piece ^ (row >> 2 & 1)) * 8 : 0);
  }
  __device__ Words LoadPiece(int row, int piece) const {
    return data_.template LoadAs<Words>(Index(row, piece));
  }
  __device__ void StorePiece(int row, int piece, const Words& words) const {
    data_.StoreAs(Index(row, piece), words);
  }
  // Columns `column` and `column` + 1. REQUIRES: column is even.
  __device__ uint32_t LoadPair(int row, int column) const {
    return data_.template LoadAs<uint32_t>(Index(row, column / 8) + column % 8);
  }
  __device__ void StorePair(int row, int column, uint32_t pair) const {
    data_.StoreAs(Index(row, column / 8) + column % 8, pair);
  }
  __device__ Slab OfBlock(int rank) const { return Slab(data_.OfBlock(rank)); }
  __device__ const SharedArray<Half>& data() const { return data_; }

 private:
  SharedArray<Half> data_;
};

// sums += scale * E h of one tile. `source` gives the row of h of a column; any row of the slab
// will do for columns without weight.
template <class Half, int W, class Source>
__device__ void AddTile(const Words* weights, const float* scales, const Source& source,
                        const Slab<Half, W>& h, float (&sums)[W / 8][4]) {
  const int lane = threadIdx.x % kWarp;
  const Words first = weights[lane];
  const Words second = weights[kWarp + lane];
  const float scale[2] = {scales[QuadRow()], scales[QuadRow() + 8]};
  float products[W / 8][4] = {};
  if constexpr (W == 8) {
    const Words rows = LoadMatricesTransposed(h.data(), h.Index(source(lane), 0));
    Mma<Half>(products[0], first, rows.at[0], rows.at[1]);
    Mma<Half>(products[0], second, rows.at[2], rows.at[3]);
  } else {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = source(16 * half + lane % 16);
      const Words rows = LoadMatricesTransposed(h.data(), h.Index(row, lane / 16));
      Mma<Half>(products[0], half == 0 ? first : second, rows.at[0], rows.at[1]);
      Mma<Half>(products[1], half == 0 ? first : second, rows.at[2], rows.at[3]);
    }
  }
#pragma unroll
  for (int n = 0; n < W / 8; ++n) {
    for (int x = 0; x < 4; ++x) sums[n][x] += scale[x / 2] * products[n][x];
  }
}

// The random part of row r: four lanes a row, two of every eight columns a lane.
template <class Half, int W>
__device__ void AddGroups(const GraphView& graph, const MatrixView& matrix,
                          const Document& document, int head, int row, int r,
                          const Slab<Half, W>& h, float (&sums)[W / 8][4]) {
  for (int at = graph.random_offsets[row]; at < graph.random_offsets[row + 1]; at += kGroup) {
    const Group group(graph.random_sources + at);
    if (group.source[0] >= document.length) return;
    const int64_t index = RowGroup(document, head, at);
    const Words weights = matrix.groups[index];
    float products[W / 8][2] = {};
#pragma unroll
    for (int e = 0; e < kGroup; ++e) {
      const int source = Smaller(group.source[e], document.length - 1);
      const FloatPair pair = Unpack<Half>(weights.at[e / 2]);
      const float weight = e % 2 == 0 ? pair.low : pair.high;
#pragma unroll
      for (int n = 0; n < W / 8; ++n) {
        const FloatPair values = Unpack<Half>(h.LoadPair(source, 8 * n + 2 * QuadLane()));
        products[n][0] += weight * values.low;
        products[n][1] += weight * values.high;
      }
    }
    const float scale = matrix.group_scales[index];
    for (int n = 0; n < W / 8; ++n) {
      sums[n][2 * r] += scale * products[n][0];
      sums[n][2 * r + 1] += scale * products[n][1];
    }
  }
}

// sums += A h, for the rows of a strip that are not global.
template <class Half, int W>
__device__ void SumStrip(const GraphView& graph, const MatrixView& matrix, const Document& document,
                         int head, int strip, const Slab<Half, W>& h, float (&sums)[W / 8][4]) {
  const SourceRange all = StripSources(graph, strip, document.length);
  const TileOutput band(matrix, StripTile(document, head, strip));
  for (int tile = 0; tile < CeilDiv(all.end - all.begin, kTileSources); ++tile) {
    const int first = all.begin + tile * kTileSources;
    AddTile(
        band.Tile(tile).weights, band.Tile(tile).scales,
        [&](int column) { return Smaller(first + column, document.length - 1); }, h, sums);
  }
  const TileOutput columns = band.Tile(document.band_tiles);
  for (int tile = 0; tile < ColumnTiles(document); ++tile) {
    const int first = tile * kTileSources;
    AddTile(
        columns.Tile(tile).weights, columns.Tile(tile).scales,
        [&](int column) {
          return int{graph.globals[Smaller(first + column, document.globals - 1)]};
        },
        h, sums);
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = strip * kStripRows + QuadRow() + 8 * r;
    if (row < document.length && !graph.is_global[row]) {
      AddGroups(graph, matrix, document, head, row, r, h, sums);
    }
  }
}

// sums += A h for 16 global rows and the sources of one chunk.
template <class Half, int W>
__device__ void SumChunk(const MatrixView& matrix, const Document& document, int head,
                         int global_strip, int chunk, const Slab<Half, W>& h,
                         float (&sums)[W / 8][4]) {
  const TileOutput tiles(matrix, GlobalStripTile(document, head, global_strip));
  const int end = Smaller((chunk + 1) * kChunkTiles, RowTiles(document));
  for (int tile = chunk * kChunkTiles; tile < end; ++tile) {
    const int first = tile * kTileSources;
    AddTile(
        tiles.Tile(tile).weights, tiles.Tile(tile).scales,
        [&](int column) { return Smaller(first + column, document.length - 1); }, h, sums);
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_
