#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LAYOUT_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LAYOUT_H_

#include <cstdint>

#include "model/kernels/cuda/half.h"

// How a batch, its attention graph and its attention matrices lie in device memory, for the kernels
// and for the host code that launches them. Nothing here owns memory.
//
// The attention matrix A of one document and head is a list of tiles, each the work of one warp:
//
//   strip    16 consecutive rows of A, of one document
//   tile     16 rows by 32 sources. A strip has tiles for its local band (a contiguous range of
//            sources), then for the global columns. 16 global rows together are a strip of their
//            own, whose tiles cover all sources.
//   group    8 random sources of each row of a strip; a row that has fewer than others has gaps
//
// Tiles hold E = exp(score - m) in 16 bits, with m the largest score of the row in that tile; a
// scale beside them, exp(m - m_row) / sum_row, makes A = scale * E of it. So every tile is computed
// by itself, the softmax over a row's parts is a matter of its scales alone, and all the 16 bits'
// precision goes to weights near the largest. A tile is stored as the tensor cores take their first
// operand: 2 halves of 16 sources, 32 lanes, 8 elements a lane. Groups, which are read one by one,
// hold A itself in the end.
namespace diffuser::kernels::cuda {

inline constexpr int kWarp = 32;
inline constexpr int kStripRows = 16;
inline constexpr int kTileSources = 32;
inline constexpr int kGroup = 8;
inline constexpr int kTileWords = 2 * kWarp;  // 1 KB
// Tiles of global rows that one warp sums up: a global row reads the whole document, so it is cut.
inline constexpr int kChunkTiles = 8;
inline constexpr uint16_t kNoSource = 0xffff;  // a gap in a group

constexpr int CeilDiv(int a, int b) { return (a + b - 1) / b; }
constexpr int Smaller(int a, int b) { return a < b ? a : b; }
constexpr int Larger(int a, int b) { return a > b ? a : b; }

struct Range {
  int begin;
  int end;
};

// graph::AttentionGraph on the device.
struct GraphView {
  int block;                       // c: tokens are joined when their c-blocks are at most one apart
  int local_end;                   // nodes from here on have no local edge
  const uint8_t* is_global;        // [nodes]
  const uint16_t* globals;         // ascending
  const uint16_t* random_sources;  // these two as in RandomGroups
  const int32_t* strip_groups;
};

// As graph::AttentionGraph::local_sources.
constexpr Range LocalSources(const GraphView& graph, int row, int length) {
  if (row >= graph.local_end) return {0, 0};
  const int block = row / graph.block;
  return {Larger(0, (block - 1) * graph.block),
          Smaller((block + 2) * graph.block, Smaller(length, graph.local_end))};
}

// The local sources of all rows of a strip.
constexpr Range StripSources(const GraphView& graph, int strip, int length) {
  const int first = strip * kStripRows;
  if (first >= graph.local_end) return {0, 0};
  const int last = Smaller(Smaller(first + kStripRows, length), graph.local_end) - 1;
  return {LocalSources(graph, first, length).begin, LocalSources(graph, last, length).end};
}

// One document of a batch, and where its matrices lie: those of head h at `first_* + h *
// *_per_head`.
struct Document {
  int32_t first_token;
  int32_t length;       // L
  int32_t globals;      // G: global nodes below L
  int32_t band_tiles;   // room for the band of a strip, in tiles
  int32_t first_chunk;  // of the global rows
  int32_t chunks_per_head;
  int64_t first_tile;
  int64_t tiles_per_head;
  int64_t first_group;
  int64_t groups_per_head;  // as many as its strips have in the graph
  int32_t graph_strip;      // where its strips begin in GraphView::strip_groups
  int32_t graph_group;      // the number of their first group in the graph
};

constexpr int Strips(const Document& d) { return CeilDiv(d.length, kStripRows); }
constexpr int ColumnTiles(const Document& d) { return CeilDiv(d.globals, kTileSources); }
constexpr int GlobalStrips(const Document& d) { return CeilDiv(d.globals, kStripRows); }
constexpr int RowTiles(const Document& d) { return CeilDiv(d.length, kTileSources); }
constexpr int ChunksPerStrip(const Document& d) { return CeilDiv(RowTiles(d), kChunkTiles); }

constexpr int64_t StripTile(const Document& d, int head, int strip) {
  return d.first_tile + head * d.tiles_per_head + int64_t{strip} * (d.band_tiles + ColumnTiles(d));
}
constexpr int64_t GlobalStripTile(const Document& d, int head, int global_strip) {
  return StripTile(d, head, Strips(d)) + int64_t{global_strip} * RowTiles(d);
}
// The groups of a strip, by their numbers in the graph.
constexpr Range StripGroups(const GraphView& graph, const Document& d, int strip) {
  const int32_t* groups = graph.strip_groups + d.graph_strip + strip;
  return {groups[0], groups[1]};
}
// Of a group that is number `group` in the graph: a row's weights lie at its number in the strip
// from there on.
constexpr int64_t GroupRows(const Document& d, int head, int group) {
  return (d.first_group + head * d.groups_per_head + group - d.graph_group) * kStripRows;
}
constexpr int64_t Chunk(const Document& d, int head, int global_strip, int chunk) {
  return d.first_chunk + int64_t{head} * d.chunks_per_head + global_strip * ChunksPerStrip(d) +
         chunk;
}

// Documents at order[first], ..., order[first + count - 1].
struct DocumentRange {
  int32_t first;
  int32_t count;
};

inline constexpr int kMostClasses = 8;  // document_classes.h

struct BatchCounts {
  int32_t documents;
  int32_t tokens;
  int32_t strips;
  int32_t chunks;                    // of global rows of one head
  DocumentRange hops[kMostClasses];  // by class
  DocumentRange first_tokens[kMostClasses];
};

// A batch on the device: its plan (batch_plan.h).
struct BatchView {
  const BatchCounts* counts;
  const Document* all;          // [documents]
  const int32_t* strip_starts;  // [documents + 1], strips of the documents before
  const int32_t* chunk_starts;  // [documents + 1], chunks of global rows of one head
  const int32_t* order;         // [documents], the longest first
};

// The shape of one launch of a kernel.
struct LaunchDims {
  int x = 1, y = 1, z = 1;  // blocks
  int threads = 1;          // a block
  int64_t shared_bytes = 0;
  int cluster = 1;  // blocks along x
};

// One launch of a kernel that takes whole documents: those of one class.
struct DocumentsLaunch {
  int32_t index = 0;      // of the class
  int32_t width = 0;      // W, of the hops
  int32_t parts = 1;      // P, blocks a cluster
  int32_t longest = 0;    // tokens of one document
  int32_t documents = 0;  // the most that it may be given
};

// The running softmax of a row: the largest score, and the sum of exp(score - max).
struct alignas(8) SoftmaxState {
  float max;
  float sum;
};

struct MatrixView {
  Words* tiles;                // kTileWords each
  float* tile_scales;          // kStripRows each
  Words* groups;               // kGroup weights each
  float* group_maxima;         // one each: the largest score, until the weights are scaled
  SoftmaxState* chunk_states;  // kStripRows each
};

// What the attention kernels of one layer take.
template <class Half>
struct AttentionArgs {
  GraphView graph;
  BatchView batch;
  MatrixView matrix;
  int heads;     // H
  int head_dim;  // D, a multiple of 8
  int hops;      // K
  float alpha;
  const Half* q;  // row t at q + t * row_stride, H * D halves, at 16 bytes; k and v alike
  const Half* k;
  const Half* v;
  int64_t row_stride;  // in halves, a multiple of 8
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LAYOUT_H_
