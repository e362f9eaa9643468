// How the attention matrix of one document and head and its inputs lie in memory, for each of
// Highway's targets; included by cpu_head.cc and
// cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_LAYOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_LAYOUT_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_LAYOUT_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_LAYOUT_INL_H_
#endif

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/types/span.h"
#include "hwy/cache_control.h"
#include "model/kernels/cpu_gemm-inl.h"
#include "model/kernels/cpu_head.h"
#include "model/kernels/element.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// Rows of the attention matrix that are worked on together: their sources stay in the first-level
// cache.
constexpr int kBlockRows = 32;
// Sources per piece of the global rows. A multiple of every target's lanes.
constexpr int kChunk = 64;

// The attention matrix in the parts that the graph falls into: A[i][j] = inverse[i] * E[i][j].
// Does not own what it points to. G is the number of global nodes in the document.
//   band     rows of `band_width`; E[i][j] at (j - source_base of i's block); 0 for a global i or j
//   columns  rows of `padded_globals`; E[i][globals[g]] at g; 0 for a global i
//   rows     E[globals[g]][j] at ((j / kChunk) * G + g) * kChunk + j % kChunk
//   random   E[i][random_sources(i)[e]] at random_offsets[i] + e
struct Attention {
  const HeadTask& task;
  int padded_dim;  // D, rounded up to whole vectors; rows of q, k, v and h have it, the rest 0
  absl::Span<const uint16_t> globals;
  int padded_globals;
  int band_width;
  float* band;
  float* columns;
  float* rows;
  float* random;
  float* inverse;         // [L], for rows that are not global
  float* global_inverse;  // [G], for those that are
  absl::Span<const RowBlock> blocks;
  const int32_t* random_offsets;  // [L + 1]

  int chunks() const { return (task.length + kChunk - 1) / kChunk; }
};

// Cuts the rows into blocks of at most kBlockRows with the same local sources. Returns the width
// of the widest block's band.
HWY_INLINE int CutIntoBlocks(const HeadTask& task, std::vector<RowBlock>& blocks) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  int width = 0;
  blocks.clear();
  for (int begin = 0; begin < task.length;) {
    const graph::NodeRange local = task.graph.local_sources(begin, task.length);
    const int block = task.graph.block();
    // Rows without local sources come last: all the same.
    const int same = local.empty() ? task.length : std::min((begin / block + 1) * block, local.end);
    RowBlock rows = {begin, std::min(same, begin + kBlockRows), local.begin, local.end, 0};
    rows.source_base = local.begin / lanes * lanes;
    width = std::max(width, RoundUpToLanes(local.end - rows.source_base));
    blocks.push_back(rows);
    begin = rows.end;
  }
  return width;
}

// Copies `count` rows of `dim` elements, times `factor`, to rows of whole vectors, the rest 0. The
// rows lie far apart, on pages of their own, where the machine does not fetch ahead by itself.
template <class T>
HWY_INLINE void CopyRows(const T* from, int64_t from_stride, int count, int dim, float factor,
                         float* to) {
  const int padded = RoundUpToLanes(dim);
  constexpr int kAhead = 8;                 // rows
  constexpr int kPerLine = 64 / sizeof(T);  // of the cache
  for (int i = 0; i < count; ++i) {
    if (i + kAhead < count) {
      for (int x = 0; x < dim; x += kPerLine) {
        hwy::Prefetch(from + kAhead * from_stride + x);
      }
    }
    for (int x = 0; x < dim; ++x) to[x] = ToFloat(from[x]) * factor;
    std::fill(to + dim, to + padded, 0.0f);
    from += from_stride;
    to += padded;
  }
}

// All rows of q, k or v, as CopyRows does.
HWY_INLINE void CopyInput(const HeadTask& task, const void* from, float factor, float* to) {
  if (task.element == Element::kFloat32) {
    CopyRows(static_cast<const float*>(from), task.row_stride, task.length, task.dim, factor, to);
  } else {
    CopyRows(static_cast<const BFloat16*>(from), task.row_stride, task.length, task.dim, factor,
             to);
  }
}

HWY_INLINE void StoreRow(const float* from, int count, Element element, void* to) {
  if (element == Element::kFloat32) {
    std::copy_n(from, count, static_cast<float*>(to));
  } else {
    std::transform(from, from + count, static_cast<BFloat16*>(to), ToBFloat16);
  }
}

HWY_INLINE void GatherRows(const float* from, int width, absl::Span<const uint16_t> which,
                           float* to) {
  for (size_t g = 0; g < which.size(); ++g) {
    std::memcpy(to + g * width, from + static_cast<size_t>(which[g]) * width,
                width * sizeof(float));
  }
}

// Transposes `count` rows of `width` floats into panels of one vector's worth of rows: element x of
// row p * lanes + r goes to (p * dim + x) * lanes + r. Rows past the last are 0.
HWY_INLINE void PackPanels(const float* from, int width, int count, int dim, float* to) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  for (int first = 0; first < count; first += lanes) {
    const int rows = std::min(lanes, count - first);
    for (int x = 0; x < dim; ++x) {
      for (int r = 0; r < rows; ++r) to[r] = from[static_cast<size_t>(first + r) * width + x];
      std::fill(to + rows, to + lanes, 0.0f);
      to += lanes;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_LAYOUT_INL_H_
