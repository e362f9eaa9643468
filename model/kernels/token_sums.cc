#include "model/kernels/token_sums.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/token_sums.cc"
// As in cpu_head.cc: sums are kept in arrays of vectors, which scalable vectors cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/cpu_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// The sums of one document's columns [first_column, first_column + columns), in pieces whose sums
// are added: less rounding than in one long sum.
void SumColumns(const TokenWeights& weights, const float* x, int64_t width, int document,
                int64_t first_column, int columns, float* sums) {
  constexpr int kPiece = 64;  // tokens
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  const int whole = columns / lanes * lanes;
  const int64_t stride = weights.offsets.back();
  const int end = weights.offsets[document + 1];
  const auto sums_of = [&](int head) {
    return sums + (int64_t{document} * weights.heads + head) * width + first_column;
  };
  std::vector<float> piece(static_cast<size_t>(weights.heads) * columns);
  for (int h = 0; h < weights.heads; ++h) std::fill_n(sums_of(h), columns, 0.0f);
  for (int first = weights.offsets[document]; first < end; first += kPiece) {
    const int count = std::min(kPiece, end - first);
    const float* rows = x + first * width + first_column;
    Multiply({.rows = weights.heads,
              .vecs = whole / lanes,
              .depth = count,
              .a = weights.values + first,
              .a_stride = stride,
              .b = rows,
              .b_stride = width,
              .b_vec_stride = lanes,
              .c = piece.data(),
              .c_stride = columns});
    for (int h = 0; h < weights.heads; ++h) {
      const float* of_head = weights.values + h * stride + first;
      float* of_piece = piece.data() + static_cast<size_t>(h) * columns;
      for (int c = whole; c < columns; ++c) {
        of_piece[c] = 0.0f;
        for (int t = 0; t < count; ++t) of_piece[c] += of_head[t] * rows[t * width + c];
      }
      float* to = sums_of(h);
      for (int c = 0; c < columns; ++c) to[c] += of_piece[c];
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace diffuser::kernels {
namespace {

HWY_EXPORT(SumColumns);

constexpr int64_t kColumns = 128;  // of one task

}  // namespace

void SumTokens(const TokenWeights& weights, const float* x, int64_t width, float* sums,
               float* totals, ParallelFor parallel) {
  const int64_t tokens = weights.offsets.back();
  for (int i = 0; i < weights.documents(); ++i) {
    for (int h = 0; h < weights.heads; ++h) {
      const float* row = weights.values + h * tokens;
      double total = 0;
      for (int32_t t = weights.offsets[i]; t < weights.offsets[i + 1]; ++t) total += row[t];
      totals[i * int64_t{weights.heads} + h] = static_cast<float>(total);
    }
  }
  const int64_t slabs = (width + kColumns - 1) / kColumns;
  parallel(weights.documents() * slabs, [&](int64_t task) {
    const int64_t column = task % slabs * kColumns;
    HWY_DYNAMIC_DISPATCH(SumColumns)
    (weights, x, width, static_cast<int>(task / slabs), column,
     static_cast<int>(std::min(kColumns, width - column)), sums);
  });
}

void AverageHeads(const TokenWeights& weights, float* evidence) {
  const int64_t tokens = weights.offsets.back();
  for (int64_t t = 0; t < tokens; ++t) {
    float sum = 0.0f;
    for (int h = 0; h < weights.heads; ++h) sum += weights.values[h * tokens + t];
    evidence[t] = sum / static_cast<float>(weights.heads);
  }
}

}  // namespace diffuser::kernels
#endif  // HWY_ONCE
