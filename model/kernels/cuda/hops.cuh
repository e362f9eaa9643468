#ifndef DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_

#include "model/kernels/cuda/hop_tiles.cuh"
#include "model/kernels/cuda/shared_sizes.h"
#include "primitives.h"

// All hops of a class of documents in one launch: h_0 = v, then K times
// h <- (1 - alpha) A h + alpha v.
//
// The columns of h do not meet: a block has all rows of one document and head in shared memory, but
// only a slab of W columns, from the first hop to the last. So every read of h, the scattered ones
// of the random part above all, is local. A cluster of P blocks shares a slab: each computes 1 / P
// of the next rows, and writes those to the output, from where all of them fetch the whole slab
// after each hop.
//
// Dividing h by rows instead would leave (P - 1) / P of the scattered reads to the network between
// the blocks: at 4,096 tokens of the base shape 377 MB a hop, where fetching the next rows takes
// P * 6 MB from L2. The price of slabs is that each of them reads A: D / W times a hop from L2.
//
// At the base shape (12 heads of 64, 5 hops) and one document of 4,096 tokens, on an H100 (slabs of
// 24, 24 and 16 columns, P = 3) and an A100 (four slabs of 16, P = 1): 31 MB of A and 8 MB of
// sources, read 15 and 20 times, 0.58 and 0.77 GB from L2, and 0.13 and 0.05 GB of rows; 8.9 GFLOP
// are needed, of which the random part's 1.9 take 16 times as many on the tensor cores. Shared
// memory and registers (up to 128) take one block an SM, 16 warps; 108 and 48 blocks run at once.
// Predicted, not measured: 128 us on an H100, limited by L2 (shared memory alone would take 120 us,
// instructions 109), 336 us on an A100, limited by the shared memory of 48 of its SMs. With several
// documents, 128 and 206 us each, limited by L2. Documents of up to 3,632 and 2,608 tokens have
// slabs of 32 columns: 16 of 1,024 tokens take 201 and 252 us.
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
  __device__ HopBlock(const HopsArgs<Half>& launch, int index, int head_of, int column)
      : args(launch),
        graph(launch.attention.graph),
        document(launch.attention.batch.all[index]),
        head(head_of),
        first_column(column) {}

  __device__ int columns() const { return Smaller(W, args.attention.head_dim - first_column); }

  // The slab's columns of a token, of v and of the output.
  __device__ const Half* Value(int token) const {
    return args.attention.v + (int64_t{document.first_token} + token) * args.attention.row_stride +
           head * args.attention.head_dim + first_column;
  }
  __device__ Half* Out(int token) const {
    return args.out +
           ((int64_t{document.first_token} + token) * args.attention.heads + head) *
               args.attention.head_dim +
           first_column;
  }

  const HopsArgs<Half>& args;
  const GraphView& graph;
  const Document& document;
  int head;
  int first_column;
};

// h <- the slab's columns of rows in global memory. Columns that the head has not are zeros.
template <class Half, int W>
__device__ void LoadRows(const HopBlock<Half, W>& block, const Half* from, int64_t stride,
                         const Slab<Half, W>& h) {
  constexpr int kPieces = Slab<Half, W>::kPieces;
  for (int x = threadIdx.x; x < h.rows() * kPieces; x += kHopThreads) {
    const int row = x / kPieces;
    const int piece = x % kPieces;
    Words words = {};
    if (piece * kHalvesPerWords < block.columns()) {
      words =
          LoadFresh(reinterpret_cast<const Words*>(from + row * stride + piece * kHalvesPerWords));
    }
    h.StorePiece(row, piece, words);
  }
}

// out <- (1 - alpha) sum + alpha v, for two columns of a row.
template <class Half, int W>
__device__ void StorePair(const HopBlock<Half, W>& block, int row, int column, float low,
                          float high) {
  const float alpha = block.args.attention.alpha;
  const FloatPair v = Unpack<Half>(*reinterpret_cast<const uint32_t*>(block.Value(row) + column));
  *reinterpret_cast<uint32_t*>(block.Out(row) + column) =
      Pack<Half>((1.0f - alpha) * low + alpha * v.low, (1.0f - alpha) * high + alpha * v.high);
}

// The next rows of one strip.
template <class Half, int W>
__device__ void HopStrip(const HopBlock<Half, W>& block, int strip, const Slab<Half, W>& h) {
  float sums[W / 8][4] = {};
  SumStrip(block.graph, block.args.attention.matrix, block.document, block.head, strip, h, sums);
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = strip * kStripRows + QuadRow() + 8 * r;
    if (row >= block.document.length || block.graph.is_global[row]) continue;
#pragma unroll
    for (int n = 0; n < W / 8; ++n) {
      const int column = 8 * n + 2 * QuadLane();
      if (column >= block.columns()) continue;
      StorePair(block, row, column, sums[n][2 * r], sums[n][2 * r + 1]);
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
    if (column >= block.columns()) continue;
    float* to = partial + (QuadRow() + 8 * r) * block.args.attention.head_dim + column;
    to[0] = sums[x / 2][2 * r];
    to[1] = sums[x / 2][2 * r + 1];
  }
}

// Adds up the chunks of this block's global rows, in order, two columns a thread.
template <class Half, int W>
__device__ void FinishGlobals(const HopBlock<Half, W>& block) {
  constexpr int kPairs = W / 2;
  const int parts = block.args.parts;
  const int part = ClusterRank();
  for (int x = threadIdx.x; x < CeilDiv(block.document.globals - part, parts) * kPairs;
       x += kHopThreads) {
    const int global = x / kPairs * parts + part;
    const int column = x % kPairs * 2;
    if (column >= block.columns()) continue;
    float low = 0.0f;
    float high = 0.0f;
    for (int chunk = 0; chunk < ChunksPerStrip(block.document); ++chunk) {
      const float* from = PartialRows(block, global / kStripRows, chunk) +
                          global % kStripRows * block.args.attention.head_dim + block.first_column +
                          column;
      low += LoadFresh(from);
      high += LoadFresh(from + 1);
    }
    StorePair(block, block.graph.globals[global], column, low, high);
  }
}

// This block's share of the next rows, but for what global rows get from other blocks. The warps
// that have one strip less than others begin with chunks.
template <class Half, int W>
__device__ void SumRows(const HopBlock<Half, W>& block, const Slab<Half, W>& h) {
  const int warp = threadIdx.x / kWarp;
  const int parts = block.args.parts;
  const int part = ClusterRank();
  for (int task = part * kHopWarps + kHopWarps - 1 - warp; task < block.document.chunks_per_head;
       task += parts * kHopWarps) {
    SumGlobalChunk(block, task, h);
  }
  const int strips = Strips(block.document);
  const int end = strips * (part + 1) / parts;
  for (int strip = strips * part / parts + warp; strip < end; strip += kHopWarps) {
    HopStrip(block, strip, h);
  }
}

// All hops of the block's share.
template <class Half, int W>
__device__ void DiffuseSlab(const HopBlock<Half, W>& block) {
  SharedArena arena;
  const int rows = block.document.length;
  const Slab<Half, W> h(arena.Take<Half>(rows * W), rows);
  LoadRows(block, block.Value(0), block.args.attention.row_stride, h);
  __syncthreads();
  for (int hop = 1;; ++hop) {
    SumRows(block, h);
    ClusterSync();
    FinishGlobals(block);
    if (hop == block.args.attention.hops) return;
    ClusterSync();
    LoadRows(block, block.Out(0), block.args.attention.heads * block.args.attention.head_dim, h);
    ClusterSync();
  }
}

// Grid: P, clusters of P along it, any number; each cluster takes every such slab, head and
// document, the longest documents first. The last slab of a head may be narrow.
template <class Half, int W>
__global__ void __launch_bounds__(kHopThreads, 1) Hops(HopsArgs<Half> args) {
  constexpr int kNarrow = W == 24 ? 16 : W;
  const BatchView& batch = args.attention.batch;
  const int slabs = CeilDiv(args.attention.head_dim, W);
  const int shares = args.attention.heads * slabs;
  const DocumentRange range = batch.counts->hops[args.index];
  for (int task = blockIdx.y; task < range.count * shares; task += args.clusters) {
    const int index = batch.order[range.first + task / shares];
    const int head = task % shares / slabs;
    const int column = task % slabs * W;
    if constexpr (W > kNarrow) {
      if (args.attention.head_dim - column <= kNarrow) {
        DiffuseSlab(HopBlock<Half, kNarrow>(args, index, head, column));
        continue;
      }
    }
    DiffuseSlab(HopBlock<Half, W>(args, index, head, column));
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_HOPS_CUH_
