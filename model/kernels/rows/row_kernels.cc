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
  return {buffer.data(), width};
}

// Calls body(r, reader of row r) for every row.
template <class Body>
HWY_INLINE void ForEachRow(const RowExtent& extent, const RowSource& source, Body body) {
  if (source.element == Element::kBFloat16) {
    for (int64_t r = 0; r < extent.rows; ++r) {
      body(r, RowReader<BFloat16>(source, r, extent.width));
    }
  } else {
    for (int64_t r = 0; r < extent.rows; ++r) body(r, RowReader<float>(source, r, extent.width));
  }
}

void Convert(const RowExtent& extent, const RowSource& source, RowActivation activation,
             const RowSink& sink) {
  const Row row = ThreadRow(extent.width);
  const bool rough = sink.float32 == nullptr && sink.bfloat16 == nullptr;
  WithActivation(activation, rough, [&](auto activate) HWY_ATTR {
    ForEachRow(extent, source, [&](int64_t r, const auto& reader) HWY_ATTR {
      WriteRow(row, r, sink, [&](int64_t x) HWY_ATTR { return activate(reader.At(x)); });
    });
  });
}

// Sums a row's vectors up, and keeps them.
class RowSum {
 public:
  HWY_INLINE explicit RowSum(const Row& row) : row_(row), sum_(hn::Zero(F32())) {}
  HWY_INLINE void Add(Vec values, int64_t x) {
    hn::StoreU(values, F32(), row_.values + x);
    sum_ = hn::Add(sum_, values);
  }
  HWY_INLINE Vec sum() const { return sum_; }

 private:
  const Row& row_;
  Vec sum_;
};

void AddAndNormalize(const RowExtent& extent, const RowSource& source, const float* residual,
                     const RowNorm& norm, const RowSink& sink) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const Row row = ThreadRow(extent.width);
  ForEachRow(extent, source, [&](int64_t r, const auto& reader) HWY_ATTR {
    const float* from = residual + r * extent.width;
    RowSum sum(row);
    for (int64_t x = 0; x < extent.width; x += lanes) {
      sum.Add(hn::Add(reader.At(x), LoadPart(from + x, extent.width - x)), x);
    }
    NormalizeRow(norm, row, sum.sum(), r, sink);
  });
}

void Embed(absl::Span<const int32_t> ids, absl::Span<const int32_t> positions, int64_t width,
           const EmbeddingTables& tables, const RowNorm& norm, const RowSink& sink) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const Row row = ThreadRow(width);
  for (size_t r = 0; r < ids.size(); ++r) {
    const float* word = tables.word + ids[r] * width;
    const float* position = tables.position + positions[r] * width;
    RowSum sum(row);
    for (int64_t x = 0; x < width; x += lanes) {
      const int64_t left = width - x;
      const Vec both = hn::Add(LoadPart(word + x, left), LoadPart(tables.token_type + x, left));
      sum.Add(hn::Add(both, LoadPart(position + x, left)), x);
    }
    NormalizeRow(norm, row, sum.sum(), static_cast<int64_t>(r), sink);
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
