#ifndef DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_

#include "model/kernels/cuda/hop_tiles.cuh"
#include "model/kernels/cuda/shared_sizes.h"
#include "primitives.h"

// All hops of a batch in one launch: h_0 = v, then K times h <- (1 - alpha) A h + alpha v.
//
// The columns of h do not meet: a block takes all rows of one document and head, but only a slab of
// W columns, and keeps them in shared memory from the first hop to the last. Every read of h, the
// scattered ones of the random part above all, is then local, and h never leaves the chip. A
// cluster of P blocks shares a slab: each holds all of h, computes 1 / P of the next rows, and
// writes those to the others' shared memory after each hop.
//
// Dividing h by rows instead would leave (P - 1) / P of the scattered reads to the network between
// the blocks: at 4,096 tokens of the base shape 377 MB a hop, where the exchange of the next rows
// here is (P - 1) * 6 MB. The price is that every slab reads A: D / W times a hop from L2.
//
// At the base shape (12 heads of 64, 5 hops) and one document of 4,096 tokens: 33 MB of A and 8 MB
// of sources, read 20 times at W = 16 (H100, P = 2) and 40 times at W = 8 (A100, P = 1), 0.8 and
// 1.6 GB from L2; 8.9 GFLOP are needed, of which the random part's 1.9 take 16 times as many on the
// tensor cores, 30 GFLOP. Shared memory takes one block an SM, 16 warps of at most 128 registers;
// 96 blocks run at once. Predicted, not measured: 406 us on an A100, limited by L2; 183 us on an
// H100, limited by instructions (L2 and shared memory alone would take 148 and 173 us). With
// several documents, 148 us each on an H100.
namespace diffuser::kernels::cuda {

// What one launch computes: the documents of one class, in clusters of `parts` blocks.
template <class Half>
struct HopsArgs {
  AttentionArgs<Half> attention;
  int index;        // of the class
  int parts;        // P
  int clusters;     // of the grid
  float* partials;  // [chunks of all heads, kStripRows, D], see PartialRows
  Half* out;        // [T, H * D]
};

// One block's share of one document, head and slab.
template <class Half, int W>
struct HopBlock {
  __device__ HopBlock(const HopsArgs<Half>& launch, int index, int head_of, int slab)
      : args(launch),
        graph(launch.attention.graph),
        document(launch.attention.batch.all[index]),
        head(head_of),
        part(ClusterRank()),
        first_column(slab * W),
        columns(Smaller(W, launch.attention.head_dim - first_column)),
        strips_of_part(CeilDiv(Strips(document), launch.parts)),
        first_strip(Smaller(part * strips_of_part, Strips(document))),
        end_strip(Smaller(first_strip + strips_of_part, Strips(document))),
        v(launch.attention.v + document.first_token * launch.attention.row_stride +
          head * launch.attention.head_dim + first_column) {}

  // The token's columns in an array of [T, H * D].
  __device__ int64_t OutIndex(int token) const {
    return ((int64_t{document.first_token} + token) * args.attention.heads + head) *
               args.attention.head_dim +
           first_column;
  }

  const HopsArgs<Half>& args;
  const GraphView& graph;
  const Document& document;
  int head;
  int part;
  int first_column;
  int columns;
  int strips_of_part;
  int first_strip, end_strip;  // of this block
  const Half* v;
};

// h <- v. Columns that the head has not are zeros.
template <class Half, int W>
__device__ void LoadValues(const HopBlock<Half, W>& block, const Slab<Half, W>& h) {
  constexpr int kPieces = W / kHalvesPerWords;
  for (int x = threadIdx.x; x < block.document.length * kPieces; x += kHopThreads) {
    const int row = x / kPieces;
    const int piece = x % kPieces;
    Words words = {};
    if (piece * kHalvesPerWords < block.columns) {
      words = *reinterpret_cast<const Words*>(block.v + row * block.args.attention.row_stride +
                                              piece * kHalvesPerWords);
    }
    h.StorePiece(row, piece, words);
  }
}

// (1 - alpha) sum + alpha v, for two columns of a row.
template <class Half, int W>
__device__ uint32_t NextPair(const HopBlock<Half, W>& block, int row, int column, float low,
                             float high) {
  const float alpha = block.args.attention.alpha;
  const FloatPair v = Unpack<Half>(
      *reinterpret_cast<const uint32_t*>(block.v + row * block.args.attention.row_stride + column));
  return Pack<Half>((1.0f - alpha) * low + alpha * v.low, (1.0f - alpha) * high + alpha * v.high);
}

// The next rows of one strip, to `next` or, from the last hop, to the output.
template <class Half, int W>
__device__ void HopStrip(const HopBlock<Half, W>& block, int strip, const Slab<Half, W>& h,
                         const Slab<Half, W>& next, bool is_last) {
  float sums[W / 8][4] = {};
  SumStrip(block.graph, block.args.attention.matrix, block.document, block.head, strip, h, sums);
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = strip * kStripRows + QuadRow() + 8 * r;
    if (row >= block.document.length || block.graph.is_global[row]) continue;
#pragma unroll
    for (int n = 0; n < W / 8; ++n) {
      const int column = 8 * n + 2 * QuadLane();
      if (column >= block.columns) continue;
      const uint32_t pair = NextPair(block, row, column, sums[n][2 * r], sums[n][2 * r + 1]);
      if (is_last) {
        *reinterpret_cast<uint32_t*>(block.args.out + block.OutIndex(row) + column) = pair;
      } else {
        next.StorePair(row - block.first_strip * kStripRows, column, pair);
      }
    }
  }
}

// --- Global rows: cut into chunks of sources, whose sums meet in global memory. ---

// Where the sums of one chunk lie: [kStripRows, D].
template <class Half, int W>
__device__ float* PartialRows(const HopBlock<Half, W>& block, int global_strip, int chunk) {
  return block.args.partials + Chunk(block.document, block.head, global_strip, chunk) * kStripRows *
                                   block.args.attention.head_dim;
}

template <class Half, int W>
__device__ void SumGlobalChunk(const HopBlock<Half, W>& block, int task, const Slab<Half, W>& h) {
  const int global_strip = task / ChunksPerStrip(block.document);
  const int chunk = task % ChunksPerStrip(block.document);
  float sums[W / 8][4] = {};
  SumChunk(block.args.attention.matrix, block.document, block.head, global_strip, chunk, h, sums);
  float* partial = PartialRows(block, global_strip, chunk) + block.first_column;
  for (int x = 0; x < 2 * (W / 8); ++x) {
    const int r = x % 2;
    const int column = 8 * (x / 2) + 2 * QuadLane();
    if (column >= block.columns) continue;
    float* to = partial + (QuadRow() + 8 * r) * block.args.attention.head_dim + column;
    to[0] = sums[x / 2][2 * r];
    to[1] = sums[x / 2][2 * r + 1];
  }
}

// Adds up the chunks of this block's global rows, in order, two columns a thread.
template <class Half, int W>
__device__ void FinishGlobals(const HopBlock<Half, W>& block, const Slab<Half, W>& h,
                              bool is_last) {
  constexpr int kPairs = W / 2;
  const int parts = block.args.parts;
  for (int x = threadIdx.x; x < CeilDiv(block.document.globals - block.part, parts) * kPairs;
       x += kHopThreads) {
    const int global = x / kPairs * parts + block.part;
    const int column = x % kPairs * 2;
    if (column >= block.columns) continue;
    float low = 0.0f;
    float high = 0.0f;
    for (int chunk = 0; chunk < ChunksPerStrip(block.document); ++chunk) {
      const float* from = PartialRows(block, global / kStripRows, chunk) +
                          global % kStripRows * block.args.attention.head_dim + block.first_column +
                          column;
      low += from[0];
      high += from[1];
    }
    const int row = block.graph.globals[global];
    const uint32_t pair = NextPair(block, row, column, low, high);
    if (is_last) {
      *reinterpret_cast<uint32_t*>(block.args.out + block.OutIndex(row) + column) = pair;
    } else {
      for (int to = 0; to < parts; ++to) h.OfBlock(to).StorePair(row, column, pair);
    }
  }
}

// Copies this block's next rows to h, here and in the other blocks of the cluster.
template <class Half, int W>
__device__ void Exchange(const HopBlock<Half, W>& block, const Slab<Half, W>& next,
                         const Slab<Half, W>& h) {
  const int pieces = block.columns / kHalvesPerWords;
  const int first = block.first_strip * kStripRows;
  const int end = Smaller(block.end_strip * kStripRows, block.document.length);
  for (int x = threadIdx.x; x < (end - first) * pieces; x += kHopThreads) {
    const int row = first + x / pieces;
    if (block.graph.is_global[row]) continue;
    const Words piece = next.LoadPiece(row - first, x % pieces);
    for (int to = 0; to < block.args.parts; ++to) {
      h.OfBlock(to).StorePiece(row, x % pieces, piece);
    }
  }
}

// All hops of the block's share.
template <class Half, int W>
__device__ void DiffuseSlab(const HopBlock<Half, W>& block) {
  SharedArena arena;
  const Slab<Half, W> h(arena.Take<Half>(block.document.length * W));
  const Slab<Half, W> next(arena.Take<Half>(block.strips_of_part * kStripRows * W));
  LoadValues(block, h);
  __syncthreads();
  const HopsArgs<Half>& args = block.args;
  const int warp = threadIdx.x / kWarp;
  for (int hop = 0; hop < args.attention.hops; ++hop) {
    const bool is_last = hop + 1 == args.attention.hops;
    for (int task = block.part * kHopWarps + warp; task < block.document.chunks_per_head;
         task += args.parts * kHopWarps) {
      SumGlobalChunk(block, task, h);
    }
    for (int strip = block.first_strip + warp; strip < block.end_strip; strip += kHopWarps) {
      HopStrip(block, strip, h, next, is_last);
    }
    ClusterSync();
    if (!is_last) Exchange(block, next, h);
    FinishGlobals(block, h, is_last);
    ClusterSync();
  }
}

// Grid: clusters of P, any number; each takes every such slab, head and document, the longest
// documents first.
template <class Half, int W>
__global__ void __launch_bounds__(kHopThreads, 1) Hops(HopsArgs<Half> args) {
  const BatchView& batch = args.attention.batch;
  const DocumentRange range = batch.counts->hops[args.index];
  const int slabs = CeilDiv(args.attention.head_dim, W);
  const int shares = args.attention.heads * slabs;
  for (int task = blockIdx.x / args.parts; task < range.count * shares; task += args.clusters) {
    const int share = task % shares;
    DiffuseSlab(HopBlock<Half, W>(args, batch.order[range.first + task / shares], share / slabs,
                                  share % slabs));
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_
