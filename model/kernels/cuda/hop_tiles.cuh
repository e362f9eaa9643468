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
    return row * W + (W == 16 ? (row * 2 & 8) ^ piece * 8 : 0);
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

// sums += scale * products, with the scales of rows g and g + 8.
template <int N>
__device__ void AddScaled(const float (&scale)[2], const float (&products)[N][4],
                          float (&sums)[N][4]) {
#pragma unroll
  for (int n = 0; n < N; ++n) {
    for (int x = 0; x < 4; ++x) sums[n][x] += scale[x / 2] * products[n][x];
  }
}

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
  AddScaled(scale, products, sums);
}

// Makes a diagonal [16, 16] operand of the tensor cores: element (i, i) is the weight of row i.
// Of lanes g, t it is in those with t = g / 2, at the half that g is odd or even for; the rest is
// zeros.
class Diagonal {
 public:
  __device__ Diagonal() {
    const bool has_element = QuadLane() == QuadRow() / 2;
    const bool is_odd = QuadRow() % 2 == 1;
    select_[0] = has_element ? (is_odd ? 0x1044 : 0x4410) : 0x4444;
    select_[1] = has_element ? (is_odd ? 0x3244 : 0x4432) : 0x4444;
  }

  // Of the weights that are the low (0) or high (1) halves of these words, for rows g and g + 8.
  __device__ Words Make(uint32_t upper, uint32_t lower, int half) const {
    return {__byte_perm(upper, 0, select_[half]), 0, 0, __byte_perm(lower, 0, select_[half])};
  }

 private:
  uint32_t select_[2];
};

// What a lane needs of a group: the sources of the row of the step's second operand that it names,
// and weights and scales of rows g and g + 8.
struct GroupOperands {
  __device__ GroupOperands(const GraphView& graph, const MatrixView& matrix,
                           const Document& document, int head, int group)
      : sources(graph, group, threadIdx.x % kStripRows) {
    const int64_t index = GroupRows(document, head, group) + QuadRow();
    upper = matrix.groups[index];
    lower = matrix.groups[index + 8];
    scale[0] = matrix.group_scales[index];
    scale[1] = matrix.group_scales[index + 8];
  }

  Group sources;
  Words upper, lower;
  float scale[2];
};

// Steps e and e + 1 of a group, see AddGroups.
template <class Half, int W>
__device__ void AddSteps(const Diagonal& diagonal, const GroupOperands& operands, int e,
                         int last_row, const Slab<Half, W>& h, float (&products)[W / 8][4]) {
  const int second = threadIdx.x % kWarp / 16;  // half of the warp
  const Words weights[2] = {diagonal.Make(operands.upper.at[e / 2], operands.lower.at[e / 2], 0),
                            diagonal.Make(operands.upper.at[e / 2], operands.lower.at[e / 2], 1)};
  const int row[2] = {Smaller(operands.sources.source[e], last_row),
                      Smaller(operands.sources.source[e + 1], last_row)};
  if constexpr (W == 8) {
    const Words rows = LoadMatricesTransposed(h.data(), h.Index(second ? row[1] : row[0], 0));
    Mma<Half>(products[0], weights[0], rows.at[0], rows.at[1]);
    Mma<Half>(products[0], weights[1], rows.at[2], rows.at[3]);
  } else {
#pragma unroll
    for (int x = 0; x < 2; ++x) {
      const Words rows = LoadMatricesTransposed(h.data(), h.Index(row[x], second));
      Mma<Half>(products[0], weights[x], rows.at[0], rows.at[1]);
      Mma<Half>(products[1], weights[x], rows.at[2], rows.at[3]);
    }
  }
}

// The random part of a strip. A step takes one source of each of the 16 rows, as a product of the
// diagonal matrix of their weights with their sources' rows of h, which ldmatrix gathers: one
// sixteenth of what the tensor cores multiply is needed, and still they are several times faster
// than the other units would be, which had to unpack every element.
template <class Half, int W>
__device__ void AddGroups(const GraphView& graph, const MatrixView& matrix,
                          const Document& document, int head, int strip, const Slab<Half, W>& h,
                          float (&sums)[W / 8][4]) {
  const Diagonal diagonal;
  const Range groups = StripGroups(graph, strip, document.length);
  if (groups.begin >= groups.end) return;
  GroupOperands operands(graph, matrix, document, head, groups.begin);
  for (int group = groups.begin; group < groups.end; ++group) {
    // The next ones are on their way while these are worked on.
    const GroupOperands next(graph, matrix, document, head, Smaller(group + 1, groups.end - 1));
    float products[W / 8][4] = {};
#pragma unroll
    for (int e = 0; e < kGroup; e += 2) {
      AddSteps(diagonal, operands, e, document.length - 1, h, products);
    }
    AddScaled(operands.scale, products, sums);
    operands = next;
  }
}

// sums += A h, for the rows of a strip that are not global.
template <class Half, int W>
__device__ void SumStrip(const GraphView& graph, const MatrixView& matrix, const Document& document,
                         int head, int strip, const Slab<Half, W>& h, float (&sums)[W / 8][4]) {
  const Range all = StripSources(graph, strip, document.length);
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
  AddGroups(graph, matrix, document, head, strip, h, sums);
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
