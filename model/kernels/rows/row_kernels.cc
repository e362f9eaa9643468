#include "model/kernels/rows/row_kernels.h"

#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/rows/row_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/rows/row_io-inl.h"
#include "model/kernels/rows/row_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// A buffer for one row, of this thread: small enough to stay in its first-level cache.
Row ThreadRow(int64_t width) {
  thread_local std::vector<float> buffer;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t padded = (width + lanes - 1) / lanes * lanes;
  if (buffer.size() < static_cast<size_t>(padded)) buffer.resize(padded);
  return {buffer.data(), width, padded};
}

void Convert(const RowExtent& extent, const RowSource& source, RowActivation activation,
             const RowSink& sink) {
  const Row row = ThreadRow(extent.width);
  for (int64_t r = 0; r < extent.rows; ++r) {
    ReadRow(source, r, row);
    Activate(activation, row);
    WriteRow(row, r, sink);
  }
}

void AddAndNormalize(const RowExtent& extent, const RowSource& source, const float* residual,
                     const RowNorm& norm, const RowSink& sink) {
  const Row row = ThreadRow(extent.width);
  for (int64_t r = 0; r < extent.rows; ++r) {
    ReadRow(source, r, row);
    AddElements(residual + r * extent.width, row);
    Normalize(norm, row);
    WriteRow(row, r, sink);
  }
}

void Embed(absl::Span<const int32_t> ids, absl::Span<const int32_t> positions, int64_t width,
           const EmbeddingTables& tables, const RowNorm& norm, const RowSink& sink) {
  const Row row = ThreadRow(width);
  for (size_t r = 0; r < ids.size(); ++r) {
    ReadElements(tables.word + ids[r] * width, 1.0f, tables.token_type, row);
    AddElements(tables.position + positions[r] * width, row);
    Normalize(norm, row);
    WriteRow(row, static_cast<int64_t>(r), sink);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace diffuser::kernels {

HWY_EXPORT(Convert);
HWY_EXPORT(AddAndNormalize);
HWY_EXPORT(Embed);

void ConvertRows(const RowExtent& extent, const RowSource& source, RowActivation activation,
                 const RowSink& sink) {
  HWY_DYNAMIC_DISPATCH(Convert)(extent, source, activation, sink);
}

void NormalizeRows(const RowExtent& extent, const RowSource& source, const float* residual,
                   const RowNorm& norm, const RowSink& sink) {
  HWY_DYNAMIC_DISPATCH(AddAndNormalize)(extent, source, residual, norm, sink);
}

void EmbedRows(absl::Span<const int32_t> ids, absl::Span<const int32_t> positions, int64_t width,
               const EmbeddingTables& tables, const RowNorm& norm, const RowSink& sink) {
  HWY_DYNAMIC_DISPATCH(Embed)(ids, positions, width, tables, norm, sink);
}

}  // namespace diffuser::kernels
#endif  // HWY_ONCE
