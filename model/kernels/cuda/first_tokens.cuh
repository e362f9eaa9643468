#ifndef DIFFUSER_MODEL_KERNELS_CUDA_FIRST_TOKENS_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_FIRST_TOKENS_CUH_

#include "model/kernels/cuda/scatter_tiles.cuh"
#include "model/kernels/cuda/shared_sizes.h"
#include "primitives.h"

// The last layer's diffusion for the first token of every document: a row vector r times A, K
// times, r_0 = e_0, from which s = sum_{k<K} alpha (1 - alpha)^k r_k + (1 - alpha)^K r_K, and s V.
//
// A cluster of P blocks takes one document and head; each block scatters the rows of its strips
// into a whole next vector of its own, and the vectors are added up afterwards, a slice of tokens
// by each block.
//
// At the base shape and 4,096 tokens: 31 MB of A and 8 MB of sources, read 5 times from L2, 0.2 GB;
// 0.2 GFLOP, and 18 million atomic additions to shared memory, 49 KB of which a block has: up to
// two blocks an SM by shared memory, one by registers. 96 blocks run at once on an H100 (P = 8), 12
// on an A100. Predicted, not measured: 179 us on an A100, limited by what 12 SMs can read, 35 us on
// an H100, limited by L2.
namespace diffuser::kernels::cuda {

template <class Half>
struct FirstTokensArgs {
  AttentionArgs<Half> attention;
  int index;               // of the class of documents
  int parts;               // P
  int clusters;            // of the grid
  int64_t weights_stride;  // T at least
  float* weights;          // s, [H, weights_stride]
  Half* out;               // [documents of the batch, H * D]
};

// Where the vectors of one block lie.
struct FirstTokenVectors {
  SharedArray<uint32_t> current;  // r, [L]
  SharedArray<uint32_t> next;     // this block's share of r A, [L]
  SharedArray<float> weights;     // s, [L], of this block's slice
};

// The next r from the shares of all blocks.
__device__ inline void AddShares(const FirstTokenVectors& at, int parts, Range slice) {
  for (int token = slice.begin + threadIdx.x; token < slice.end; token += kFirstThreads) {
    uint32_t sum = 0;
    for (int part = 0; part < parts; ++part) sum += at.next.OfBlock(part).Load(token);
    for (int part = 0; part < parts; ++part) at.current.OfBlock(part).Store(token, sum);
  }
}

// s += factor r
__device__ inline void AddToWeights(const FirstTokenVectors& at, Range slice, float factor) {
  for (int token = slice.begin + threadIdx.x; token < slice.end; token += kFirstThreads) {
    at.weights.Store(token, at.weights.Load(token) + factor * FromFixed(at.current.Load(token)));
  }
}

// s V over this block's slice, to totals, [D]: a warp takes every kFirstWarps-th token.
template <class Half>
__device__ void SumValues(const AttentionArgs<Half>& args, const Document& document, int head,
                          const FirstTokenVectors& at, Range slice,
                          const SharedArray<float>& partials, const SharedArray<float>& totals) {
  const int warp = threadIdx.x / kWarp;
  const int dim = args.head_dim;
  const Half* v = args.v + document.first_token * args.row_stride + head * dim;
  for (int column = 2 * (threadIdx.x % kWarp); column < dim; column += 2 * kWarp) {
    float low = 0.0f;
    float high = 0.0f;
    for (int token = slice.begin + warp; token < slice.end; token += kFirstWarps) {
      const float s = at.weights.Load(token);
      const FloatPair values =
          Unpack<Half>(*reinterpret_cast<const uint32_t*>(v + token * args.row_stride + column));
      low += s * values.low;
      high += s * values.high;
    }
    partials.Store(warp * dim + column, low);
    partials.Store(warp * dim + column + 1, high);
  }
  __syncthreads();
  for (int column = threadIdx.x; column < dim; column += kFirstThreads) {
    float sum = 0.0f;
    for (int w = 0; w < kFirstWarps; ++w) sum += partials.Load(w * dim + column);
    totals.Store(column, sum);
  }
}

// out = s V, from the totals of all blocks, in order.
template <class Half>
__device__ void AddTotals(const SharedArray<float>& totals, int parts, int head_dim, Half* out) {
  for (int column = 2 * threadIdx.x; column < head_dim; column += 2 * kFirstThreads) {
    float low = 0.0f;
    float high = 0.0f;
    for (int part = 0; part < parts; ++part) {
      low += totals.OfBlock(part).Load(column);
      high += totals.OfBlock(part).Load(column + 1);
    }
    *reinterpret_cast<uint32_t*>(out + column) = Pack<Half>(low, high);
  }
}

// s of this block's slice, after all hops.
template <class Half>
__device__ void WalkBackwards(const AttentionArgs<Half>& args, const Document& document, int head,
                              int part, int parts, Range slice, const FirstTokenVectors& at) {
  for (int token = threadIdx.x; token < document.length; token += kFirstThreads) {
    at.current.Store(token, token == 0 ? static_cast<uint32_t>(kOne) : 0);
    at.weights.Store(token, 0.0f);
  }
  const int warp = part * kFirstWarps + threadIdx.x / kWarp;
  float keep = 1.0f;  // (1 - alpha)^k
  for (int hop = 0; hop < args.hops; ++hop) {
    for (int token = threadIdx.x; token < document.length; token += kFirstThreads) {
      at.next.Store(token, 0);
    }
    __syncthreads();
    AddToWeights(at, slice, args.alpha * keep);
    for (int strip = warp; strip < Strips(document); strip += parts * kFirstWarps) {
      ScatterStrip(args, document, head, strip, at.current, at.next);
    }
    for (int task = warp; task < document.chunks_per_head; task += parts * kFirstWarps) {
      ScatterChunk(args, document, head, task, at.current, at.next);
    }
    ClusterSync();
    AddShares(at, parts, slice);
    ClusterSync();
    keep *= 1.0f - args.alpha;
  }
  AddToWeights(at, slice, keep);
  __syncthreads();
}

// One document and head, by the blocks of one cluster.
template <class Half>
__device__ void DiffuseFirstToken(const FirstTokensArgs<Half>& launch, int index, int head) {
  const AttentionArgs<Half>& args = launch.attention;
  const Document document = args.batch.all[index];
  const int part = ClusterRank();
  const int slice_tokens = CeilDiv(document.length, launch.parts);
  const Range slice = {Smaller(part * slice_tokens, document.length),
                       Smaller((part + 1) * slice_tokens, document.length)};
  SharedArena arena;
  const FirstTokenVectors at = {arena.Take<uint32_t>(document.length),
                                arena.Take<uint32_t>(document.length),
                                arena.Take<float>(document.length)};
  const SharedArray<float> partials = arena.Take<float>(kFirstWarps * args.head_dim);
  const SharedArray<float> totals = arena.Take<float>(args.head_dim);
  WalkBackwards(args, document, head, part, launch.parts, slice, at);
  float* weights = launch.weights + head * launch.weights_stride + document.first_token;
  for (int token = slice.begin + threadIdx.x; token < slice.end; token += kFirstThreads) {
    weights[token] = at.weights.Load(token);
  }
  SumValues(args, document, head, at, slice, partials, totals);
  ClusterSync();
  if (part == 0) {
    AddTotals(totals, launch.parts, args.head_dim,
              launch.out + (int64_t{index} * args.heads + head) * args.head_dim);
  }
  ClusterSync();  // no block goes on while another one reads its memory
}

// Grid: P, clusters of P along it, any number; each cluster takes every such head and document, the
// longest documents first.
template <class Half>
__global__ void __launch_bounds__(kFirstThreads, 1) FirstTokens(FirstTokensArgs<Half> args) {
  const BatchView& batch = args.attention.batch;
  const DocumentRange range = batch.counts->first_tokens[args.index];
  const int heads = args.attention.heads;
  for (int task = blockIdx.y; task < range.count * heads; task += args.clusters) {
    DiffuseFirstToken(args, batch.order[range.first + task / heads], task % heads);
  }
}

// evidence[t] = the mean of weights[h][t] over the heads h. Grid: tokens in kFirstThreads.
// (A template so that it may stand in a header.)
template <class Half>
__global__ void __launch_bounds__(kFirstThreads)
    MeanOverHeads(const BatchCounts* counts, const float* weights, int heads,
                  int64_t weights_stride, float* evidence) {
  const int token = blockIdx.x * kFirstThreads + threadIdx.x;
  if (token >= counts->tokens) return;
  float sum = 0.0f;
  for (int head = 0; head < heads; ++head) sum += weights[head * weights_stride + token];
  evidence[token] = sum / heads;
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_FIRST_TOKENS_CUH_
