#ifndef DIFFUSER_MODEL_KERNELS_CUDA_SCATTER_TILES_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_SCATTER_TILES_CUH_

#include "model/kernels/cuda/score_tiles.cuh"
#include "primitives.h"

// One warp's products of a row vector r with tiles and groups of A, added to a vector in shared
// memory. Vectors are fixed-point numbers: the sum of r is at most 1, and integers give the same
// sum in whatever order atomics come, so that a document's bits are always the same.
namespace diffuser::kernels::cuda {

inline constexpr float kOne = 2147483648.0f;  // 2^31: rows of A may sum to a little more than 1

__device__ inline uint32_t ToFixed(float x) { return static_cast<uint32_t>(x * kOne + 0.5f); }
__device__ inline float FromFixed(uint32_t x) { return static_cast<float>(x) * (1.0f / kOne); }

// next += rows * A of one tile, for the two rows of each quad. `source` gives the token of a
// column, or -1 for a column that is none.
template <class Half, class Source>
__device__ void ScatterTile(const Words* weights, const float* scales, const float (&r)[2],
                            const Source& source, const SharedArray<uint32_t>& next) {
  const int lane = threadIdx.x % kWarp;
  const float row[2] = {r[0] * scales[QuadRow()], r[1] * scales[QuadRow() + 8]};
  const Words halves[2] = {weights[lane], weights[kWarp + lane]};
  float mine = 0.0f;
#pragma unroll
  for (int x = 0; x < 8; ++x) {
    const FloatPair upper = Unpack<Half>(halves[x / 4].at[x / 2 % 2 * 2]);
    const FloatPair lower = Unpack<Half>(halves[x / 4].at[x / 2 % 2 * 2 + 1]);
    float sum = x % 2 == 0 ? row[0] * upper.low + row[1] * lower.low
                           : row[0] * upper.high + row[1] * lower.high;
    for (int step = 4; step < kWarp; step *= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
    if (x == QuadRow()) mine = sum;
  }
  const int g = QuadRow();
  const int token = source(16 * (g / 4) + 8 * (g / 2 % 2) + 2 * QuadLane() + g % 2);
  if (token >= 0 && mine > 0.0f) next.Add(token, ToFixed(mine));
}

// The random part of a strip: two sources of every row and group a lane.
template <class Half>
__device__ void ScatterGroups(const AttentionArgs<Half>& args, const Document& document, int head,
                              int strip, const float (&r)[2], const SharedArray<uint32_t>& next) {
  const GraphView& graph = args.graph;
  const Range groups = StripGroups(graph, document, strip);
  for (int group = groups.begin; group < groups.end; ++group) {
#pragma unroll
    for (int x = 0; x < 2; ++x) {
      const int row = QuadRow() + 8 * x;
      const Group sources(graph, group, row);
      const int64_t index = GroupRows(document, head, group) + row;
      const FloatPair pair = Unpack<Half>(args.matrix.groups[index].at[QuadLane()]);
#pragma unroll
      for (int e = 0; e < kGroup; ++e) {
        if (e / 2 != QuadLane() || sources.source[e] >= document.length) continue;
        next.Add(sources.source[e], ToFixed(r[x] * (e % 2 == 0 ? pair.low : pair.high)));
      }
    }
  }
}

template <class Half>
__device__ void ScatterStrip(const AttentionArgs<Half>& args, const Document& document, int head,
                             int strip, const SharedArray<uint32_t>& current,
                             const SharedArray<uint32_t>& next) {
  float r[2];
#pragma unroll
  for (int x = 0; x < 2; ++x) {
    const int row = strip * kStripRows + QuadRow() + 8 * x;
    const bool is_used = row < document.length && !args.graph.is_global[row];
    r[x] = is_used ? FromFixed(current.Load(row)) : 0.0f;
  }
  if (!__any_sync(0xffffffffu, r[0] + r[1] > 0.0f)) return;
  const Range all = StripSources(args.graph, strip, document.length);
  const TileOutput band(args.matrix, StripTile(document, head, strip));
  for (int tile = 0; tile < CeilDiv(all.end - all.begin, kTileSources); ++tile) {
    const int first = all.begin + tile * kTileSources;
    ScatterTile<Half>(
        band.Tile(tile).weights, band.Tile(tile).scales, r,
        [&](int column) { return first + column < document.length ? first + column : -1; }, next);
  }
  const TileOutput columns = band.Tile(document.band_tiles);
  for (int tile = 0; tile < ColumnTiles(document); ++tile) {
    const int first = tile * kTileSources;
    ScatterTile<Half>(
        columns.Tile(tile).weights, columns.Tile(tile).scales, r,
        [&](int column) {
          return first + column < document.globals ? int{args.graph.globals[first + column]} : -1;
        },
        next);
  }
  ScatterGroups(args, document, head, strip, r, next);
}

template <class Half>
__device__ void ScatterChunk(const AttentionArgs<Half>& args, const Document& document, int head,
                             int task, const SharedArray<uint32_t>& current,
                             const SharedArray<uint32_t>& next) {
  const int global_strip = task / ChunksPerStrip(document);
  const int chunk = task % ChunksPerStrip(document);
  float r[2];
#pragma unroll
  for (int x = 0; x < 2; ++x) {
    const int global = global_strip * kStripRows + QuadRow() + 8 * x;
    r[x] = global < document.globals ? FromFixed(current.Load(args.graph.globals[global])) : 0.0f;
  }
  if (!__any_sync(0xffffffffu, r[0] + r[1] > 0.0f)) return;
  const TileOutput tiles(args.matrix, GlobalStripTile(document, head, global_strip));
  const int end = Smaller((chunk + 1) * kChunkTiles, RowTiles(document));
  for (int tile = chunk * kChunkTiles; tile < end; ++tile) {
    const int first = tile * kTileSources;
    ScatterTile<Half>(
        tiles.Tile(tile).weights, tiles.Tile(tile).scales, r,
        [&](int column) { return first + column < document.length ? first + column : -1; }, next);
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_SCATTER_TILES_CUH_
