// Products with the transposed attention matrix of one document and head, for each of Highway's
// targets; included by cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_TRANSPOSED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_TRANSPOSED_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_TRANSPOSED_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_TRANSPOSED_INL_H_
#endif

#include <algorithm>

#include "model/kernels/cpu_gemm-inl.h"
#include "model/kernels/cpu_layout-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// C += Aᵀ B: C[m][n] += sum over t < depth of A[t][m] * B[t][n]. B and C have rows of `width`
// floats, whole vectors.
struct TransposedProduct {
  int rows = 0;              // m
  int depth = 0;             // t
  const float* a = nullptr;  // A[t][m] at t * a_stride + m
  ptrdiff_t a_stride = 0;
  const float* b = nullptr;
  ptrdiff_t b_stride = 0;
  float* c = nullptr;
  int width = 0;
};

template <int kRows, int kVecs>
HWY_NOINLINE void AddTransposedTile(const TransposedProduct& p) {
  const Floats d;
  const ptrdiff_t lanes = hn::Lanes(d);
  FloatVec sum[kRows][kVecs];
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kVecs; ++n) sum[m][n] = hn::LoadU(d, p.c + m * p.width + n * lanes);
  }
  const float* HWY_RESTRICT a = p.a;
  const float* HWY_RESTRICT b = p.b;
  for (int t = 0; t < p.depth; ++t) {
    FloatVec row[kVecs];
    for (int n = 0; n < kVecs; ++n) row[n] = hn::LoadU(d, b + n * lanes);
    for (int m = 0; m < kRows; ++m) {
      const FloatVec factor = hn::Set(d, a[m]);
      for (int n = 0; n < kVecs; ++n) sum[m][n] = hn::MulAdd(factor, row[n], sum[m][n]);
    }
    a += p.a_stride;
    b += p.b_stride;
  }
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kVecs; ++n) hn::StoreU(sum[m][n], d, p.c + m * p.width + n * lanes);
  }
}

template <int kVecs>
HWY_INLINE void AddTransposedColumns(TransposedProduct p) {
  int left = p.rows;
  for (; left >= 4; left -= 4) {
    AddTransposedTile<4, kVecs>(p);
    p.a += 4;
    p.c += 4 * p.width;
  }
  for (; left > 0; --left) {
    AddTransposedTile<1, kVecs>(p);
    p.a += 1;
    p.c += p.width;
  }
}

HWY_INLINE void AddTransposed(TransposedProduct p) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  int left = p.width / lanes;
  while (left > 0) {
    const int vecs = left >= kTileVecs ? kTileVecs : left >= 2 ? 2 : 1;
    if (vecs == kTileVecs) {
      AddTransposedColumns<kTileVecs>(p);
    } else if (vecs == 2) {
      AddTransposedColumns<2>(p);
    } else {
      AddTransposedColumns<1>(p);
    }
    p.b += vecs * lanes;
    p.c += vecs * lanes;
    left -= vecs;
  }
}

// next[sources[e]] += weights[e] * g for every random source of a row.
HWY_INLINE void ScatterRow(const uint16_t* sources, const float* weights, int count, int width,
                           const float* g, float* next) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int e = 0; e < count; ++e) {
    const FloatVec weight = hn::Set(d, weights[e]);
    float* to = next + static_cast<size_t>(sources[e]) * width;
    for (int x = 0; x < width; x += lanes) {
      hn::Store(hn::MulAdd(weight, hn::Load(d, g + x), hn::Load(d, to + x)), d, to + x);
    }
  }
}

// What the rows of one block that are not global send to their sources; what goes to the global
// nodes is added to global_next, [G, padded_dim].
HWY_INLINE void HopTransposedBlock(const Attention& a, const RowBlock& block, const float* g,
                                   ptrdiff_t g_stride, float* global_next, float* next) {
  const size_t begin = block.begin;
  TransposedProduct product = {
      .rows = block.source_end - block.source_begin,
      .depth = block.end - block.begin,
      .a = a.band + begin * a.band_width + (block.source_begin - block.source_base),
      .a_stride = a.band_width,
      .b = g + begin * g_stride,
      .b_stride = g_stride,
      .c = next + static_cast<size_t>(block.source_begin) * a.padded_dim,
      .width = a.padded_dim};
  AddTransposed(product);
  product.rows = static_cast<int>(a.globals.size());
  product.a = a.columns + begin * a.padded_globals;
  product.a_stride = a.padded_globals;
  product.c = global_next;
  AddTransposed(product);
  for (int row = block.begin; row < block.end; ++row) {
    const int32_t first = a.random_offsets[row];
    ScatterRow(a.task.graph.random_sources(row).data(), a.random + first,
               a.random_offsets[row + 1] - first, a.padded_dim, g + row * g_stride, next);
  }
}

// next = Wᵀ g for the normalised matrix W in `a`, whose inverse sums are not read. g has rows of
// padded_dim floats at row * g_stride; next is [L, padded_dim]; `scratch` holds [2 G, padded_dim].
HWY_INLINE void HopTransposed(const Attention& a, const float* g, ptrdiff_t g_stride,
                              float* scratch, float* next) {
  const size_t width = a.padded_dim;
  const int globals = static_cast<int>(a.globals.size());
  float* global_next = scratch;
  float* global_g = scratch + globals * width;
  std::fill_n(next, a.task.length * width, 0.0f);
  std::fill_n(global_next, globals * width, 0.0f);
  for (const RowBlock& block : a.blocks) {
    HopTransposedBlock(a, block, g, g_stride, global_next, next);
  }
  for (int n = 0; n < globals; ++n) {
    std::copy_n(g + a.globals[n] * g_stride, width, global_g + n * width);
    float* to = next + a.globals[n] * width;
    for (size_t x = 0; x < width; ++x) to[x] += global_next[n * width + x];
  }
  for (int first = 0; first < a.task.length; first += kChunk) {
    AddTransposed({.rows = std::min(kChunk, a.task.length - first),
                   .depth = globals,
                   .a = a.rows + static_cast<size_t>(first) * globals,
                   .a_stride = kChunk,
                   .b = global_g,
                   .b_stride = a.padded_dim,
                   .c = next + first * width,
                   .width = a.padded_dim});
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_TRANSPOSED_INL_H_
