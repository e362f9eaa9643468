#ifndef DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_

#include "model/kernels/cuda/score_tiles.cuh"
#include "primitives.h"

// One warp's products of tiles and groups of A with rows of h, of which W columns lie in shared
// memory.
namespace diffuser::kernels::cuda {

// W columns of h in shared memory: for every 8 of them a piece of its own, in
// which row after row has 16 bytes. So eight rows that ldmatrix reads at once lie in different
// banks where they differ modulo 8.
template <class Half, int W>
class Slab {
  static_assert(W % kHalvesPerWords == 0);

 public:
  static constexpr int kPieces = W / kHalvesPerWords;

  __device__ Slab(const SharedArray<Half>& data, int rows) : data_(data), rows_(rows) {}

  // Of the first of the 8 columns of a piece in a row.
  __device__ int Index(int row, int piece) const { return (piece * rows_ + row) * kHalvesPerWords; }
  __device__ void StorePiece(int row, int piece, const Words& words) const {
    data_.StoreAs(Index(row, piece), words);
  }
  __device__ const SharedArray<Half>& data() const { return data_; }
  __device__ int rows() const { return rows_; }

 private:
  SharedArray<Half> data_;
  int rows_;
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

// products += weights * h for two operands of [16, 16] weights. Lane l has the rows of h of which
// it names the addresses: those of columns l % 16 of both operands.
template <class Half, int W>
__device__ void AddProducts(const Words (&weights)[2], const int (&row)[2], const Slab<Half, W>& h,
                            float (&products)[W / 8][4]) {
  const int second = threadIdx.x % kWarp / 16;  // half of the warp
#pragma unroll
  for (int piece = 0; piece + 1 < W / 8; piece += 2) {  // one for each half of the warp
#pragma unroll
    for (int x = 0; x < 2; ++x) {
      const Words rows = LoadMatricesTransposed(h.data(), h.Index(row[x], piece + second));
      Mma<Half>(products[piece], weights[x], rows.at[0], rows.at[1]);
      Mma<Half>(products[piece + 1], weights[x], rows.at[2], rows.at[3]);
    }
  }
  if constexpr (W % 16 != 0) {  // the last piece, one operand for each half of the warp
    const Words rows =
        LoadMatricesTransposed(h.data(), h.Index(second ? row[1] : row[0], W / 8 - 1));
    Mma<Half>(products[W / 8 - 1], weights[0], rows.at[0], rows.at[1]);
    Mma<Half>(products[W / 8 - 1], weights[1], rows.at[2], rows.at[3]);
  }
}

// sums += scale * E h of one tile. `source` gives the row of h of a column; any row of the slab
// will do for columns without weight.
template <class Half, int W, class Source>
__device__ void AddTile(const TileOutput& tile, const Source& source, const Slab<Half, W>& h,
                        float (&sums)[W / 8][4]) {
  const int lane = threadIdx.x % kWarp;
  const Words weights[2] = {tile.weights[lane], tile.weights[kWarp + lane]};
  const float scale[2] = {tile.scales[QuadRow()], tile.scales[QuadRow() + 8]};
  const int row[2] = {source(lane % 16), source(16 + lane % 16)};
  float products[W / 8][4] = {};
  AddProducts(weights, row, h, products);
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

// What a lane needs of a group: the sources of the row of a step's second operand that it names,
// and the weights of rows g and g + 8. `row` is of row g, as in GroupRows.
struct GroupOperands {
  __device__ GroupOperands(const GraphView& graph, const MatrixView& matrix, int group, int64_t row)
      : sources(reinterpret_cast<const Words*>(
            graph.random_sources)[group * kStripRows + threadIdx.x % kStripRows]),
        upper(matrix.groups[row]),
        lower(matrix.groups[row + 8]) {}

  Words sources, upper, lower;
};

// sums += weights * h for a group. A step takes one source of each of the 16 rows, as a product of
// the diagonal matrix of their weights with their sources' rows of h, which ldmatrix gathers: one
// sixteenth of what the tensor cores multiply is needed, and still they are several times faster
// than the other units would be, which had to unpack every element.
template <class Half, int W>
__device__ void AddGroup(const Diagonal& diagonal, const GroupOperands& operands,
                         const Slab<Half, W>& h, float (&sums)[W / 8][4]) {
#pragma unroll
  for (int x = 0; x < kGroup / 2; ++x) {
    const Words weights[2] = {diagonal.Make(operands.upper.at[x], operands.lower.at[x], 0),
                              diagonal.Make(operands.upper.at[x], operands.lower.at[x], 1)};
    // Sources that the document has not have no weight: any row will do.
    const uint32_t sources = operands.sources.at[x];
    const int row[2] = {Smaller(sources & 0xffff, h.rows() - 1),
                        Smaller(sources >> 16, h.rows() - 1)};
    AddProducts(weights, row, h, sums);
  }
}

// The random part of a strip.
template <class Half, int W>
__device__ void AddGroups(const GraphView& graph, const MatrixView& matrix,
                          const Document& document, int head, int strip, const Slab<Half, W>& h,
                          float (&sums)[W / 8][4]) {
  const Range groups = StripGroups(graph, document, strip);
  if (groups.begin >= groups.end) return;
  const Diagonal diagonal;
  int64_t row = GroupRows(document, head, groups.begin) + QuadRow();
  GroupOperands operands(graph, matrix, groups.begin, row);
#pragma unroll 1
  for (int group = groups.begin; group < groups.end; ++group) {
    // The next ones are on their way while these are worked on.
    const int step = group + 1 < groups.end ? 1 : 0;
    row += step * kStripRows;
    const GroupOperands next(graph, matrix, group + step, row);
    AddGroup(diagonal, operands, h, sums);
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
        band.Tile(tile), [&](int column) { return Smaller(first + column, h.rows() - 1); }, h,
        sums);
  }
  const TileOutput columns = band.Tile(document.band_tiles);
  for (int tile = 0; tile < ColumnTiles(document); ++tile) {
    const int first = tile * kTileSources;
    AddTile(
        columns.Tile(tile),
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
        tiles.Tile(tile), [&](int column) { return Smaller(first + column, h.rows() - 1); }, h,
        sums);
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_HOP_TILES_CUH_
