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

// A row in whole vectors, the last of which ends in zeros; [padded_width].
struct Row {
  float* values;
  int64_t width;
  int64_t padded_width;
};

HWY_INLINE int64_t WholeVectors(int64_t width) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  return width / lanes * lanes;
}

template <class T>
HWY_INLINE void ReadElements(const T* from, float scale, const float* bias, const Row& row) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t whole = WholeVectors(row.width);
  const Vec factor = hn::Set(F32(), scale);
  if (bias == nullptr) {
    for (int64_t x = 0; x < whole; x += lanes) {
      hn::StoreU(hn::Mul(LoadElements(from + x), factor), F32(), row.values + x);
    }
  } else {
    for (int64_t x = 0; x < whole; x += lanes) {
      const Vec shift = hn::LoadU(F32(), bias + x);
      hn::StoreU(hn::MulAdd(LoadElements(from + x), factor, shift), F32(), row.values + x);
    }
  }
  for (int64_t x = whole; x < row.width; ++x) {
    row.values[x] = ToFloat(from[x]) * scale + (bias == nullptr ? 0.0f : bias[x]);
  }
  std::fill(row.values + row.width, row.values + row.padded_width, 0.0f);
}

HWY_INLINE void ReadRow(const RowSource& source, int64_t index, const Row& row) {
  const float scale = source.scales == nullptr ? 1.0f : source.scales[index];
  const void* from = ElementAt(source.values, source.element, index * row.width);
  if (source.element == Element::kBFloat16) {
    ReadElements(static_cast<const BFloat16*>(from), scale, source.bias, row);
  } else {
    ReadElements(static_cast<const float*>(from), scale, source.bias, row);
  }
}

struct Bounds {
  float low, high;  // low <= 0 <= high
};

HWY_INLINE Bounds BoundsWithZero(const Row& row) {
  const F32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  Vec low = hn::Zero(d), high = low;
  for (int64_t x = 0; x < row.padded_width; x += lanes) {
    const Vec values = hn::LoadU(d, row.values + x);
    low = hn::Min(low, values);
    high = hn::Max(high, values);
  }
  return {hn::GetLane(hn::MinOfLanes(d, low)), hn::GetLane(hn::MaxOfLanes(d, high))};
}

HWY_INLINE float LeastScale(const Bounds& bounds, const QuantizedRange& range) {
  const float above = bounds.high / static_cast<float>(range.top - range.zero);
  const float below = range.zero > 0 ? -bounds.low / static_cast<float>(range.zero) : 0.0f;
  return std::max(above, below);
}

// Writes the nearest whole numbers of values / scale, plus the zero point.
HWY_INLINE void QuantizeRow(const Row& row, float scale, const QuantizedRange& range, uint8_t* to) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t whole = WholeVectors(row.width);
  const Vec factor = hn::Set(F32(), scale > 0.0f ? 1.0f / scale : 0.0f);
  const auto zero = hn::Set(I32(), range.zero);
  const auto top = hn::Set(I32(), range.top);
  const hn::Rebind<uint8_t, F32> bytes;
  const auto quantize = [&](int64_t x) HWY_ATTR {
    const Vec steps = hn::Mul(hn::LoadU(F32(), row.values + x), factor);
    return hn::DemoteTo(bytes, hn::Min(hn::Add(hn::NearestInt(steps), zero), top));
  };
  for (int64_t x = 0; x < whole; x += lanes) hn::StoreU(quantize(x), bytes, to + x);
  if (whole == row.width) return;
  HWY_ALIGN uint8_t rest[HWY_MAX_BYTES / sizeof(float)];
  hn::StoreU(quantize(whole), bytes, rest);
  std::copy_n(rest, row.width - whole, to + whole);
}

HWY_INLINE void WriteRow(const Row& row, int64_t index, const RowSink& sink) {
  const int64_t at = index * row.width;
  if (sink.float32 != nullptr) std::copy_n(row.values, row.width, sink.float32 + at);
  if (sink.bfloat16 != nullptr) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
    const int64_t whole = WholeVectors(row.width);
    BFloat16* to = sink.bfloat16 + at;
    for (int64_t x = 0; x < whole; x += lanes) {
      StoreBFloat16(hn::LoadU(F32(), row.values + x), to + x);
    }
    for (int64_t x = whole; x < row.width; ++x) to[x] = ToBFloat16(row.values[x]);
  }
  if (sink.quantized != nullptr) {
    const float scale = LeastScale(BoundsWithZero(row), sink.range);
    sink.scales[index] = scale;
    QuantizeRow(row, scale, sink.range, sink.quantized + at);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard
