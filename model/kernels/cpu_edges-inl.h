// What training does to the attention matrix of one document and head edge by edge: masks, the
// products of two matrices at the edges, the softmax's gradient. For each of Highway's targets;
// included by cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_EDGES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_EDGES_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_EDGES_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_EDGES_INL_H_
#endif

#include <algorithm>
#include <vector>

#include "model/kernels/cpu_layout-inl.h"
#include "model/kernels/cpu_masks-inl.h"
#include "model/kernels/cpu_scores-inl.h"
#include "model/kernels/cpu_training_head.h"
#include "model/kernels/dropout_mask.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// All weights of the matrix, row by row; those of a global row chunk by chunk, after all others.
HWY_INLINE void ListPieces(const Attention& a, std::vector<MatrixPiece>& pieces) {
  const int globals = static_cast<int>(a.globals.size());
  pieces.clear();
  for (const RowBlock& block : a.blocks) {
    const int width = block.source_end - block.source_base;
    for (int row = block.begin; row < block.end; ++row) {
      if (a.task.graph.is_global(row)) continue;
      const size_t at = row;
      pieces.push_back(
          {MatrixPiece::kBand, row, width, block.source_base, nullptr, at * a.band_width});
      pieces.push_back(
          {MatrixPiece::kColumns, row, globals, 0, a.globals.data(), at * a.padded_globals});
      const int32_t first = a.random_offsets[row];
      pieces.push_back({MatrixPiece::kRandom, row, a.random_offsets[row + 1] - first, 0,
                        a.task.graph.random_sources(row).data(), static_cast<size_t>(first)});
    }
  }
  for (int g = 0; g < globals; ++g) {
    for (int first = 0; first < a.task.length; first += kChunk) {
      pieces.push_back({MatrixPiece::kRows, a.globals[g], std::min(kChunk, a.task.length - first),
                        first, nullptr,
                        static_cast<size_t>(first) * globals + static_cast<size_t>(g) * kChunk});
    }
  }
}

HWY_INLINE float* Weights(const Attention& a, const MatrixPiece& piece) {
  switch (piece.part) {
    case MatrixPiece::kBand:
      return a.band + piece.at;
    case MatrixPiece::kColumns:
      return a.columns + piece.at;
    case MatrixPiece::kRows:
      return a.rows + piece.at;
    case MatrixPiece::kRandom:
      break;
  }
  return a.random + piece.at;
}

// The same graph with other weights; `ones` stands in for its inverse sums.
HWY_INLINE Attention LikeAttention(const Attention& a, const HeadTask& task, MatrixBuffers& to,
                                   float* ones) {
  const size_t length = task.length;
  return {.task = task,
          .padded_dim = a.padded_dim,
          .globals = a.globals,
          .padded_globals = a.padded_globals,
          .band_width = a.band_width,
          .band = to.band.Reserve(length * a.band_width),
          .columns = to.columns.Reserve(length * a.padded_globals),
          .rows = to.rows.Reserve(a.globals.size() * a.chunks() * kChunk),
          .random = to.random.Reserve(a.random_offsets[length] + kChunk),
          .inverse = ones,
          .global_inverse = ones,
          .blocks = a.blocks,
          .random_offsets = a.random_offsets};
}

// Divides every row by its sum, so that the matrix no longer needs `inverse` (which is kept).
HWY_INLINE void Normalise(const Attention& a, const std::vector<MatrixPiece>& pieces) {
  int global = -1;
  int global_row = -1;
  for (const MatrixPiece& piece : pieces) {
    if (piece.part == MatrixPiece::kRows && piece.row != global_row) {
      global_row = piece.row;
      ++global;
    }
    const float factor =
        piece.part == MatrixPiece::kRows ? a.global_inverse[global] : a.inverse[piece.row];
    float* weights = Weights(a, piece);
    for (int x = 0; x < piece.count; ++x) weights[x] *= factor;
  }
}

// The rows of global nodes in the parts that hold the others'.
HWY_INLINE void ClearGlobalRows(const Attention& a) {
  for (const uint16_t row : a.globals) {
    std::fill_n(a.band + static_cast<size_t>(row) * a.band_width, a.band_width, 0.0f);
    std::fill_n(a.columns + static_cast<size_t>(row) * a.padded_globals, a.padded_globals, 0.0f);
  }
}

// to = M * from, of attention dropout.
HWY_INLINE void MaskMatrix(const TrainingTask& task, const Attention& from, const Attention& to,
                           const std::vector<MatrixPiece>& pieces) {
  for (const MatrixPiece& piece : pieces) {
    float* weights = Weights(to, piece);
    std::copy_n(Weights(from, piece), piece.count, weights);
    const RowMask mask(RowKey(task.key, kAttentionPlane, piece.row), task.attention_dropout);
    if (piece.sources == nullptr) {
      MaskRange(mask, piece.first, piece.count, weights);
    } else {
      MaskList(mask, piece.sources, piece.count, weights);
    }
  }
  ClearGlobalRows(to);
}

// The two matrices, [L, width] each, whose rows are multiplied at the edges, the second in panels
// as PackPanels makes them; and the rows of both at the global nodes.
struct EdgeFactors {
  const float* left;
  const float* right;
  const float* right_panels;
  const float* global_left;          // [G, width]
  const float* global_right_panels;  // of [G, width]
  int width;
};

HWY_INLINE Product EdgeProduct(const EdgeFactors& f, const float* left, int rows,
                               const float* panels, int columns) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  return {.rows = rows,
          .vecs = RoundUpToLanes(columns) / lanes,
          .depth = f.width,
          .a = left,
          .a_stride = f.width,
          .b = panels,
          .b_stride = lanes,
          .b_vec_stride = static_cast<ptrdiff_t>(f.width) * lanes};
}

// out[i][j] = left[i] · right[j] for every edge; what stands in out beside the edges is finite.
HWY_INLINE void EdgeProducts(const EdgeFactors& f, const Attention& out) {
  const size_t width = f.width;
  for (const RowBlock& block : out.blocks) {
    const float* left = f.left + block.begin * width;
    const int rows = block.end - block.begin;
    Product band = EdgeProduct(f, left, rows, f.right_panels + block.source_base * width,
                               block.source_end - block.source_base);
    band.c = out.band + static_cast<size_t>(block.begin) * out.band_width;
    band.c_stride = out.band_width;
    Multiply(band);
    Product columns =
        EdgeProduct(f, left, rows, f.global_right_panels, static_cast<int>(out.globals.size()));
    columns.c = out.columns + static_cast<size_t>(block.begin) * out.padded_globals;
    columns.c_stride = out.padded_globals;
    Multiply(columns);
    for (int row = block.begin; row < block.end; ++row) {
      const int32_t first = out.random_offsets[row];
      const int count = out.random_offsets[row + 1] - first;
      if (count == 0) continue;
      RandomScores<FloatOps>(f.left + row * width, f.right, f.width,
                             out.task.graph.random_sources(row).data(), count,
                             static_cast<int>(hn::Lanes(Floats())), out.random + first);
    }
  }
  ClearGlobalRows(out);
  const int globals = static_cast<int>(out.globals.size());
  for (int first = 0; first < out.task.length; first += kChunk) {
    Product rows = EdgeProduct(f, f.global_left, globals, f.right_panels + first * width,
                               std::min(kChunk, out.task.length - first));
    rows.c = out.rows + static_cast<size_t>(first) * globals;
    rows.c_stride = kChunk;
    Multiply(rows);
  }
}

// The softmax's gradient, in place: `da` becomes de = Ã * dÃ - A * rowsum(Ã * dÃ). `sums` is [L].
HWY_INLINE void SoftmaxBackward(const Attention& a, const Attention& masked, const Attention& da,
                                const std::vector<MatrixPiece>& pieces, float* sums) {
  std::fill_n(sums, a.task.length, 0.0f);
  for (const MatrixPiece& piece : pieces) {
    const float* HWY_RESTRICT kept = Weights(masked, piece);
    float* HWY_RESTRICT gradient = Weights(da, piece);
    const Floats d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    FloatVec sum = hn::Zero(d);
    int x = 0;
    for (; x + lanes <= piece.count; x += lanes) {
      const FloatVec product = hn::Mul(hn::LoadU(d, kept + x), hn::LoadU(d, gradient + x));
      hn::StoreU(product, d, gradient + x);
      sum = hn::Add(sum, product);
    }
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; x < piece.count; ++x) total += gradient[x] *= kept[x];
    sums[piece.row] += total;
  }
  for (const MatrixPiece& piece : pieces) {
    const float* HWY_RESTRICT weights = Weights(a, piece);
    float* HWY_RESTRICT gradient = Weights(da, piece);
    const float sum = sums[piece.row];
    for (int x = 0; x < piece.count; ++x) gradient[x] -= weights[x] * sum;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_EDGES_INL_H_
