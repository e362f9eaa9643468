#ifndef DIFFUSER_MODEL_KERNELS_CUDA_SCORE_TILES_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_SCORE_TILES_CUH_

#include "model/kernels/cuda/layout.h"
#include "primitives.h"

// One warp's work on a tile, or on the random groups of its rows. A warp has 16 rows of A: lanes
// 4 g to 4 g + 3 (a quad) have rows g and g + 8, which are called r = 0 and r = 1 below.
//
// A score is a sum over the D elements of two rows, in whatever order: lane t of a quad takes the
// elements 32 n + 8 t to 32 n + 8 t + 7, which are one load of 16 bytes, as its share of two steps
// of the tensor cores, for queries and keys alike. So no operand goes through shared memory, and D
// may be any multiple of 8: elements past it are zeros.
namespace diffuser::kernels::cuda {

inline constexpr float kNoScore = -1e30f;  // finite, so that differences are no NaN

__device__ inline SoftmaxState EmptyState() { return {kNoScore, 0.0f}; }

__device__ inline int QuadRow() { return threadIdx.x % kWarp / 4; }  // g
__device__ inline int QuadLane() { return threadIdx.x % 4; }         // t
__device__ inline uint32_t QuadMask() { return 0xfu << (threadIdx.x % kWarp / 4 * 4); }

__device__ inline float QuadMax(float x) {
  const uint32_t mask = QuadMask();
  x = fmaxf(x, __shfl_xor_sync(mask, x, 1));
  return fmaxf(x, __shfl_xor_sync(mask, x, 2));
}

__device__ inline float QuadSum(float x) {
  const uint32_t mask = QuadMask();
  x += __shfl_xor_sync(mask, x, 1);
  return x + __shfl_xor_sync(mask, x, 2);
}

// The softmax over two sets of scores.
__device__ inline void Merge(SoftmaxState& state, const SoftmaxState& other) {
  const float max = fmaxf(state.max, other.max);
  state.sum = state.sum * Exp(state.max - max) + other.sum * Exp(other.max - max);
  state.max = max;
}

// What weights relative to `max` are multiplied with, in a row of that softmax.
__device__ inline float Scale(float max, const SoftmaxState& row) {
  return row.sum > 0.0f ? Exp(max - row.max) / row.sum : 0.0f;
}

// Queries and keys of one document and head.
template <class Half>
struct HeadInputs {
  __device__ HeadInputs(const AttentionArgs<Half>& args, const Document& document, int head)
      : stride(args.row_stride),
        q(args.q + document.first_token * stride + head * args.head_dim),
        k(args.k + document.first_token * stride + head * args.head_dim),
        length(document.length),
        dim(args.head_dim),
        factor(1.0f / sqrtf(static_cast<float>(args.head_dim))) {}

  // The elements 8 * (4 n + t) and on of a row, for lane t.
  __device__ Words Share(const Half* from, int row, int n) const {
    const int element = 32 * n + 8 * QuadLane();
    if (element >= dim) return {};
    return *reinterpret_cast<const Words*>(from + row * stride + element);
  }
  __device__ int shares() const { return CeilDiv(dim, 32); }

  int64_t stride;
  const Half* q;
  const Half* k;
  int length;
  int dim;
  float factor;  // 1 / sqrt(D)
};

// The rows of a warp's strip that a lane's quad has, and their softmax so far.
struct StripRows {
  int token[2];  // in the document; any token of it for a row that is not used
  bool is_used[2];
  SoftmaxState state[2] = {{kNoScore, 0.0f}, {kNoScore, 0.0f}};

  // Exchanges the two rows, but for is_used.
  __device__ void Swap() {
    const int first_token = token[0];
    const SoftmaxState first_state = state[0];
    token[0] = token[1];
    state[0] = state[1];
    token[1] = first_token;
    state[1] = first_state;
  }
};

// Where consecutive tiles go.
struct TileOutput {
  __device__ TileOutput(const MatrixView& matrix, int64_t tile)
      : weights(matrix.tiles + tile * kTileWords), scales(matrix.tile_scales + tile * kStripRows) {}
  __device__ TileOutput(Words* tile_weights, float* tile_scales)
      : weights(tile_weights), scales(tile_scales) {}

  __device__ TileOutput Tile(int index) const {
    return {weights + index * kTileWords, scales + index * kStripRows};
  }

  Words* weights;
  float* scales;
};

// Products of the strip's queries with the keys of 32 sources: scores[n] is columns 8 n to 8 n + 7
// of the tile, as Mma has its result. `source` gives the token of a column.
template <class Half, class Source>
__device__ void TileScores(const HeadInputs<Half>& in, const StripRows& rows, const Source& source,
                           float (&scores)[4][4]) {
  for (int n = 0; n < in.shares(); ++n) {
    const Words q0 = in.Share(in.q, rows.token[0], n);
    const Words q1 = in.Share(in.q, rows.token[1], n);
    const Words first = {q0.at[0], q1.at[0], q0.at[1], q1.at[1]};
    const Words second = {q0.at[2], q1.at[2], q0.at[3], q1.at[3]};
#pragma unroll
    for (int block = 0; block < 4; ++block) {
      const int token = Smaller(source(8 * block + QuadRow()), in.length - 1);
      const Words keys = in.Share(in.k, token, n);
      Mma<Half>(scores[block], first, keys.at[0], keys.at[1]);
      Mma<Half>(scores[block], second, keys.at[2], keys.at[3]);
    }
  }
}

// Computes a tile and adds it to the softmax of its rows. `has_edge(r, column)` says which scores
// count. The tile's scales become the rows' largest scores in it.
template <class Half, class Source, class HasEdge>
__device__ void ScoreTile(const HeadInputs<Half>& in, StripRows& rows, const TileOutput& out,
                          const Source& source, const HasEdge& has_edge) {
  float scores[4][4] = {};
  TileScores(in, rows, source, scores);
  uint32_t pairs[2][4];  // [r][block]
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    SoftmaxState tile = EmptyState();
#pragma unroll
    for (int x = 0; x < 8; ++x) {
      float& score = scores[x / 2][2 * r + x % 2];
      score = has_edge(r, 8 * (x / 2) + 2 * QuadLane() + x % 2) ? score * in.factor : kNoScore;
      tile.max = fmaxf(tile.max, score);
    }
    tile.max = QuadMax(tile.max);
#pragma unroll
    for (int block = 0; block < 4; ++block) {
      float* pair = scores[block] + 2 * r;
      for (int x = 0; x < 2; ++x) pair[x] = pair[x] == kNoScore ? 0.0f : Exp(pair[x] - tile.max);
      pairs[r][block] = Pack<Half>(pair[0], pair[1]);
      const FloatPair stored = Unpack<Half>(pairs[r][block]);  // weights as read sum to one
      tile.sum += stored.low + stored.high;
    }
    tile.sum = QuadSum(tile.sum);
    Merge(rows.state[r], tile);
    if (QuadLane() == 0) out.scales[QuadRow() + 8 * r] = tile.max;
  }
  const int lane = threadIdx.x % kWarp;
  out.weights[lane] = {pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1]};
  out.weights[kWarp + lane] = {pairs[0][2], pairs[1][2], pairs[0][3], pairs[1][3]};
}

// One row's random sources in a group.
struct Group {
  // `row` counts within the strip.
  __device__ Group(const GraphView& graph, int group, int row) {
    const Words words =
        reinterpret_cast<const Words*>(graph.random_sources)[group * kStripRows + row];
#pragma unroll
    for (int e = 0; e < kGroup; ++e) source[e] = words.at[e / 2] >> (16 * (e % 2)) & 0xffff;
  }
  int source[kGroup];
};

// The scores of eight rows, a quad's each, with their own sources of a group; in every lane of the
// quad. Sources that the document has not are taken for its last token.
//
// Two sources of each row are the 16 rows of a product with the 8 queries, of which the diagonals
// are wanted: an eighth of it, and still a quarter of the instructions of sums by each lane.
template <class Half>
__device__ void ScoreGroup(const HeadInputs<Half>& in, int row, const Group& group,
                           float (&scores)[kGroup]) {
  float products[kGroup / 2][4] = {};
  for (int n = 0; n < in.shares(); ++n) {
    const Words query = in.Share(in.q, row, n);
#pragma unroll
    for (int e = 0; e < kGroup; e += 2) {
      const Words a = in.Share(in.k, Smaller(group.source[e], in.length - 1), n);
      const Words b = in.Share(in.k, Smaller(group.source[e + 1], in.length - 1), n);
      Mma<Half>(products[e / 2], {a.at[0], b.at[0], a.at[1], b.at[1]}, query.at[0], query.at[1]);
      Mma<Half>(products[e / 2], {a.at[2], b.at[2], a.at[3], b.at[3]}, query.at[2], query.at[3]);
    }
  }
  const bool has_diagonal = QuadLane() == QuadRow() / 2;  // column g of rows g and g + 8
#pragma unroll
  for (int e = 0; e < kGroup; ++e) {
    const float* pair = products[e / 2] + 2 * (e % 2);
    const float score = QuadRow() % 2 == 0 ? pair[0] : pair[1];
    scores[e] = QuadSum(has_diagonal ? score : 0.0f) * in.factor;
  }
}

// Writes a group's weights relative to its largest, and returns its softmax.
template <class Half>
__device__ SoftmaxState GroupWeights(const float (&scores)[kGroup], const Group& group, int length,
                                     Words* out) {
  SoftmaxState state = EmptyState();
#pragma unroll
  for (int e = 0; e < kGroup; ++e) {
    if (group.source[e] < length) state.max = fmaxf(state.max, scores[e]);
  }
  Words weights;
#pragma unroll
  for (int w = 0; w < 4; ++w) {
    float pair[2];
    for (int x = 0; x < 2; ++x) {
      const int e = 2 * w + x;
      pair[x] = group.source[e] < length ? Exp(scores[e] - state.max) : 0.0f;
    }
    weights.at[w] = Pack<Half>(pair[0], pair[1]);
    const FloatPair stored = Unpack<Half>(weights.at[w]);
    state.sum += stored.low + stored.high;
  }
  if (QuadLane() == 0) *out = weights;
  return state;
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_SCORE_TILES_CUH_
