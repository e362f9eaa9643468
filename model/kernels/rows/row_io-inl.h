// Reads and writes one row, for each of Highway's targets; included by row_kernels.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_ROWS_ROW_IO_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_ROWS_ROW_IO_INL_H_
#undef DIFFUSER_MODEL_KERNELS_ROWS_ROW_IO_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_ROWS_ROW_IO_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "model/kernels/rows/row_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::RebindToSigned<F32>;
using U32 = hn::RebindToUnsigned<F32>;
using Vec = hn::Vec<F32>;

HWY_INLINE Vec LoadElements(const float* from) { return hn::LoadU(F32(), from); }

HWY_INLINE Vec LoadElements(const BFloat16* from) {
  const auto bits = hn::PromoteTo(U32(), hn::LoadU(hn::Rebind<uint16_t, F32>(), from));
  return hn::BitCast(F32(), hn::ShiftLeft<16>(bits));
}

// Rounds to the nearest, ties to even; a NaN stays one.
HWY_INLINE void StoreBFloat16(Vec values, BFloat16* to) {
  const U32 u32;
  const auto bits = hn::BitCast(u32, values);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(u32, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(u32, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(u32, 0x400000));
  const auto result = hn::IfThenElse(hn::RebindMask(u32, hn::IsNaN(values)), quiet, rounded);
  hn::StoreU(hn::TruncateTo(hn::Rebind<uint16_t, F32>(), hn::ShiftRight<16>(result)),
             hn::Rebind<uint16_t, F32>(), to);
}

// The first `count` elements in a vector that ends in zeros; or all of a vector, if it has fewer.
template <class T>
HWY_INLINE Vec LoadPart(const T* from, int64_t count) {
  if (HWY_LIKELY(count >= static_cast<int64_t>(hn::Lanes(F32())))) return LoadElements(from);
  HWY_ALIGN T part[HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy_n(from, count, part);
  return LoadElements(part);
}

HWY_INLINE void StoreElements(Vec values, float* to) { hn::StoreU(values, F32(), to); }
HWY_INLINE void StoreElements(Vec values, BFloat16* to) { StoreBFloat16(values, to); }

// What LoadPart loaded.
template <class T>
HWY_INLINE void StorePart(Vec values, T* to, int64_t count) {
  if (HWY_LIKELY(count >= static_cast<int64_t>(hn::Lanes(F32())))) {
    return StoreElements(values, to);
  }
  HWY_ALIGN T part[HWY_MAX_BYTES / sizeof(float)];
  StoreElements(values, part);
  std::copy_n(part, count, to);
}

// A row in whole vectors, the last of which ends in zeros.
struct Row {
  float* values;
  int64_t width;
};

// Row `index` of a source, in vectors that start at element x.
template <class T>
class RowReader {
 public:
  HWY_INLINE RowReader(const RowSource& source, int64_t index, int64_t width)
      : from_(static_cast<const T*>(source.values) + index * width),
        bias_(source.bias),
        width_(width),
        factor_(hn::Set(F32(), source.scales == nullptr ? 1.0f : source.scales[index])) {}

  HWY_INLINE Vec At(int64_t x) const {
    const Vec values = LoadPart(from_ + x, width_ - x);
    if (bias_ == nullptr) return hn::Mul(values, factor_);
    return hn::MulAdd(values, factor_, LoadPart(bias_ + x, width_ - x));
  }

 private:
  const T* from_;
  const float* bias_;
  int64_t width_;
  Vec factor_;
};

struct Bounds {
  float low, high;  // low <= 0 <= high
};

// The bounds of what it is shown, and of 0.
class BoundsFinder {
 public:
  HWY_INLINE BoundsFinder() : low_(hn::Zero(F32())), high_(hn::Zero(F32())) {}
  HWY_INLINE void Show(Vec values) {
    low_ = hn::Min(low_, values);
    high_ = hn::Max(high_, values);
  }
  HWY_INLINE Bounds Found() const {
    return {hn::GetLane(hn::MinOfLanes(F32(), low_)), hn::GetLane(hn::MaxOfLanes(F32(), high_))};
  }

 private:
  Vec low_, high_;
};

HWY_INLINE float LeastScale(const Bounds& bounds, const QuantizedRange& range) {
  const float above = bounds.high / static_cast<float>(range.top - range.zero);
  const float below = range.zero > 0 ? -bounds.low / static_cast<float>(range.zero) : 0.0f;
  return std::max(above, below);
}

// Writes the nearest whole numbers of values / scale, plus the zero point.
HWY_INLINE void QuantizeRow(const Row& row, float scale, const QuantizedRange& range, uint8_t* to) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const Vec factor = hn::Set(F32(), scale > 0.0f ? 1.0f / scale : 0.0f);
  const auto zero = hn::Set(I32(), range.zero);
  const auto top = hn::Set(I32(), range.top);
  const hn::Rebind<uint8_t, F32> bytes;
  const auto quantize = [&](int64_t x) HWY_ATTR {
    const Vec steps = hn::Mul(hn::LoadU(F32(), row.values + x), factor);
    return hn::DemoteTo(bytes, hn::Min(hn::Add(hn::NearestInt(steps), zero), top));
  };
  int64_t x = 0;
  for (; x + lanes <= row.width; x += lanes) hn::StoreU(quantize(x), bytes, to + x);
  if (x == row.width) return;
  HWY_ALIGN uint8_t rest[HWY_MAX_BYTES / sizeof(float)];
  hn::StoreU(quantize(x), bytes, rest);
  std::copy_n(rest, row.width - x, to + x);
}

// Writes function(x), a vector for every element x at which one starts, to all of the sink's forms
// of row `index`. The row's own memory is scratch.
template <class Function>
HWY_INLINE void WriteRow(const Row& row, int64_t index, const RowSink& sink, Function function) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t at = index * row.width;
  BoundsFinder bounds;
  for (int64_t x = 0; x < row.width; x += lanes) {
    const Vec values = function(x);
    const int64_t left = row.width - x;
    if (sink.float32 != nullptr) StorePart(values, sink.float32 + at + x, left);
    if (sink.bfloat16 != nullptr) StorePart(values, sink.bfloat16 + at + x, left);
    if (sink.quantized != nullptr) {
      hn::StoreU(values, F32(), row.values + x);
      bounds.Show(values);
    }
  }
  if (sink.quantized == nullptr) return;
  const float scale = LeastScale(bounds.Found(), sink.range);
  sink.scales[index] = scale;
  QuantizeRow(row, scale, sink.range, sink.quantized + at);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard
