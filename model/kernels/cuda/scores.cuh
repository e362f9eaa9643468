#ifndef DIFFUSER_MODEL_KERNELS_CUDA_SCORES_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_SCORES_CUH_

#include "model/kernels/cuda/score_tiles.cuh"
#include "model/kernels/cuda/shared_sizes.h"
#include "primitives.h"

// The attention matrices of a batch (layout.h says what they hold), in three launches:
//
//   StripScores        a warp per strip and head: band, global columns, random sources
//   GlobalRowScores    a warp per 16 global rows, chunk of sources and head
//   FinishGlobalRows   the same warps: the scales of their tiles, from the states of all chunks
//
// Tiles are products on tensor cores; the random part gathers keys for products of which the
// diagonals are kept. Work is cut by strips and chunks, so that a batch of any lengths fills the
// device.
//
// At the base shape (12 heads of 64) and 4,096 tokens, the three together: A has 31 MB and is
// written once, but for the random part's 8 MB, which are read and written again when the rows'
// sums are known; keys are read from L2, 466 MB, 377 MB of them 128 bytes here and there for the
// random part; 1.4 GFLOP of tiles and 0.4 GFLOP of random products. 128 registers a
// thread leave 4 blocks an SM, 16 warps, which have 8 loads of 16 bytes a thread under way: 64 KB,
// five times what hides L2's latency. Predicted, not measured: 131 us on an A100, 95 us on an
// H100, both limited by L2 (tests/bench/cuda_roofline.py has the rates that are assumed).
namespace diffuser::kernels::cuda {

// The last of `documents` whose start is not after `at`.
__device__ inline int FindDocument(const int32_t* starts, int documents, int at) {
  int low = 0;
  int high = documents;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (starts[middle] <= at ? low : high) = middle;
  }
  return low;
}

// Computes consecutive tiles of a strip. Their columns are counted from the strip's first tile on:
// `source` gives the token of a column, `has_edge(r, column)` says which scores count.
template <class Half, class Source, class HasEdge>
__device__ void ScoreTiles(const HeadInputs<Half>& in, Range tiles, StripRows& rows,
                           const TileOutput& out, const Source& source, const HasEdge& has_edge) {
  for (int tile = tiles.begin; tile < tiles.end; ++tile) {
    const int first = tile * kTileSources;
    ScoreTile(
        in, rows, out.Tile(tile), [&](int column) { return source(first + column); },
        [&](int r, int column) { return has_edge(r, first + column); });
  }
}

// --- Strips. ---

template <class Half>
__device__ void ScoreBand(const HeadInputs<Half>& in, const GraphView& graph, int strip,
                          StripRows& rows, const TileOutput& out) {
  const Range all = StripSources(graph, strip, in.length);
  Range local[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    local[r] = {0, 0};
    if (rows.is_used[r]) local[r] = LocalSources(graph, rows.token[r], in.length);
  }
  ScoreTiles(
      in, {0, CeilDiv(all.end - all.begin, kTileSources)}, rows, out,
      [&](int column) { return all.begin + column; },
      [&](int r, int column) {
        const int source = all.begin + column;
        return local[r].begin <= source && source < local[r].end && !graph.is_global[source];
      });
}

template <class Half>
__device__ void ScoreColumns(const HeadInputs<Half>& in, const GraphView& graph, int globals,
                             StripRows& rows, const TileOutput& out) {
  ScoreTiles(
      in, {0, CeilDiv(globals, kTileSources)}, rows, out,
      [&](int column) { return int{graph.globals[Smaller(column, globals - 1)]}; },
      [&](int r, int column) { return rows.is_used[r] && column < globals; });
}

// Leaves the weights of every row in a group relative to its largest. The four lanes of a row share
// each product.
template <class Half>
__device__ void ScoreRandom(const HeadInputs<Half>& in, const GraphView& graph,
                            const MatrixView& matrix, const Document& document, int head,
                            Range groups, StripRows& rows) {
  // The rows take turns in place 0, which leaves them as they were, and halves the registers.
#pragma unroll 1
  for (int turn = 0; turn < 2 * (groups.end - groups.begin); ++turn) {
    const int group = groups.begin + turn / 2;
    const int row = QuadRow() + 8 * (turn % 2);
    const Group sources(graph, group, row);
    float scores[kGroup];
    ScoreGroup(in, rows.token[0], sources, scores);
    const int64_t index = GroupRows(document, head, group) + row;
    const SoftmaxState state =
        GroupWeights<Half>(scores, sources, in.length, matrix.groups + index);
    if (QuadLane() == 0) matrix.group_maxima[index] = state.max;
    Merge(rows.state[0], state);
    rows.Swap();
  }
}

// Turns the maxima of a strip's tiles into scales.
__device__ inline void FinishTiles(const StripRows& rows, int tiles, float* scales) {
  if (QuadLane() != 0) return;
  for (int tile = 0; tile < tiles; ++tile) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float& scale = scales[tile * kStripRows + QuadRow() + 8 * r];
      scale = Scale(scale, rows.state[r]);
    }
  }
}

// Scales the weights of its groups, two of each row a lane.
template <class Half>
__device__ void FinishGroups(const MatrixView& matrix, const Document& document, int head,
                             Range groups, const StripRows& rows) {
  __syncwarp();  // for what the other lanes wrote
  for (int group = groups.begin; group < groups.end; ++group) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int64_t index = GroupRows(document, head, group) + QuadRow() + 8 * r;
      const float scale = Scale(matrix.group_maxima[index], rows.state[r]);
      uint32_t& weights = matrix.groups[index].at[QuadLane()];
      const FloatPair pair = Unpack<Half>(weights);
      weights = Pack<Half>(pair.low * scale, pair.high * scale);
    }
  }
}

// Grid: the most strips in kScoreWarps, heads.
template <class Half>
__global__ void __launch_bounds__(kScoreThreads, 4) StripScores(AttentionArgs<Half> args) {
  const int task = blockIdx.x * kScoreWarps + threadIdx.x / kWarp;
  if (task >= args.batch.counts->strips) return;
  const int index = FindDocument(args.batch.strip_starts, args.batch.counts->documents, task);
  const Document& document = args.batch.all[index];
  const int head = blockIdx.y;
  const int strip = task - args.batch.strip_starts[index];
  const HeadInputs<Half> in(args, document, head);
  StripRows rows;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = strip * kStripRows + QuadRow() + 8 * r;
    rows.is_used[r] = row < document.length && !args.graph.is_global[row];
    rows.token[r] = Smaller(row, document.length - 1);
  }
  const TileOutput band = TileOutput(args.matrix, StripTile(document, head, strip));
  ScoreBand(in, args.graph, strip, rows, band);
  const TileOutput columns = band.Tile(document.band_tiles);
  ScoreColumns(in, args.graph, document.globals, rows, columns);
  const Range groups = StripGroups(args.graph, document, strip);
  ScoreRandom(in, args.graph, args.matrix, document, head, groups, rows);
  const Range all = StripSources(args.graph, strip, document.length);
  FinishTiles(rows, CeilDiv(all.end - all.begin, kTileSources), band.scales);
  FinishTiles(rows, ColumnTiles(document), columns.scales);
  FinishGroups<Half>(args.matrix, document, head, groups, rows);
}

// --- Global rows. ---

// Which chunk of global rows is a warp's work.
struct ChunkTask {
  int document;  // in the batch
  int global_strip;
  Range tiles;
  int64_t index;  // among the chunks of all heads
};

// REQUIRES: task is less than the batch's chunks.
__device__ inline ChunkTask FindChunk(const BatchView& batch, int head, int task) {
  const int document = FindDocument(batch.chunk_starts, batch.counts->documents, task);
  const Document& of = batch.all[document];
  const int of_head = task - batch.chunk_starts[document];
  const int global_strip = of_head / ChunksPerStrip(of);
  const int chunk = of_head % ChunksPerStrip(of);
  const int first = chunk * kChunkTiles;
  return {document,
          global_strip,
          {first, Smaller(first + kChunkTiles, RowTiles(of))},
          Chunk(of, head, global_strip, chunk)};
}

// A strip of global rows: where it stands in its document.
__device__ inline StripRows GlobalRows(const GraphView& graph, const Document& document,
                                       int global_strip) {
  StripRows rows;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int index = global_strip * kStripRows + QuadRow() + 8 * r;
    rows.is_used[r] = index < document.globals;
    rows.token[r] = graph.globals[Smaller(index, document.globals - 1)];
  }
  return rows;
}

// Leaves the largest score of every row of a tile in the tile's scales.
// Grid: the most chunks of one head in kScoreWarps, heads.
template <class Half>
__global__ void __launch_bounds__(kScoreThreads, 4) GlobalRowScores(AttentionArgs<Half> args) {
  const int task = blockIdx.x * kScoreWarps + threadIdx.x / kWarp;
  if (task >= args.batch.counts->chunks) return;
  const int head = blockIdx.y;
  const ChunkTask chunk = FindChunk(args.batch, head, task);
  const Document& document = args.batch.all[chunk.document];
  const HeadInputs<Half> in(args, document, head);
  StripRows rows = GlobalRows(args.graph, document, chunk.global_strip);
  ScoreTiles(
      in, chunk.tiles, rows,
      TileOutput(args.matrix, GlobalStripTile(document, head, chunk.global_strip)),
      [&](int column) { return column; },
      [&](int r, int column) { return rows.is_used[r] && column < in.length; });
  if (QuadLane() != 0) return;
  SoftmaxState* states = args.matrix.chunk_states + chunk.index * kStripRows;
#pragma unroll
  for (int r = 0; r < 2; ++r) states[QuadRow() + 8 * r] = rows.state[r];
}

// Every chunk's warp sums up the chunks of its rows, and turns the maxima of its own tiles into
// scales. Grid: as GlobalRowScores.
template <class Half>
__global__ void __launch_bounds__(kScoreThreads, 4) FinishGlobalRows(AttentionArgs<Half> args) {
  const int task = blockIdx.x * kScoreWarps + threadIdx.x / kWarp;
  if (task >= args.batch.counts->chunks) return;
  const int head = blockIdx.y;
  const ChunkTask chunk = FindChunk(args.batch, head, task);
  const Document& document = args.batch.all[chunk.document];
  const SoftmaxState* states =
      args.matrix.chunk_states + Chunk(document, head, chunk.global_strip, 0) * kStripRows;
  const int row = threadIdx.x % kStripRows;
  SoftmaxState state = EmptyState();
  for (int other = 0; other < ChunksPerStrip(document); ++other) {
    Merge(state, states[other * kStripRows + row]);
  }
  float* scales =
      args.matrix.tile_scales + GlobalStripTile(document, head, chunk.global_strip) * kStripRows;
  const int first = chunk.tiles.begin + threadIdx.x % kWarp / kStripRows;
  for (int tile = first; tile < chunk.tiles.end; tile += 2) {
    float& scale = scales[tile * kStripRows + row];
    scale = Scale(scale, state);
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_SCORES_CUH_
