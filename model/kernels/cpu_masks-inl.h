// Dropout's masks applied to rows of floats, for each of Highway's targets; included by
// cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_MASKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_MASKS_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_MASKS_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_MASKS_INL_H_
#endif

#include <cstdint>

#include "model/kernels/cpu_gemm-inl.h"
#include "model/kernels/dropout_mask.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

using Bits = hn::ScalableTag<uint32_t>;
using BitsVec = hn::Vec<Bits>;

HWY_INLINE BitsVec MixBitsOf(BitsVec x) {
  const Bits d;
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x7feb352du));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(d, 0x846ca68bu));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

// What inverted dropout multiplies with: 0 or 1 / (1 - rate), for elements of one row.
class RowMask {
 public:
  HWY_INLINE RowMask(uint32_t row_key, float rate)
      : key_(row_key), drop_below_(DropBelow(rate)), scale_(1.0f / (1.0f - rate)) {}

  HWY_INLINE FloatVec Factors(BitsVec columns) const {
    const Bits d;
    const hn::RebindToSigned<Bits> ints;
    const BitsVec bits =
        MixBitsOf(hn::Add(hn::Set(d, key_), hn::Mul(columns, hn::Set(d, kColumnStep))));
    const auto dropped =
        hn::Lt(hn::BitCast(ints, hn::ShiftRight<8>(bits)), hn::Set(ints, drop_below_));
    return hn::IfThenZeroElse(hn::RebindMask(Floats(), dropped), hn::Set(Floats(), scale_));
  }

  HWY_INLINE float Factor(uint32_t column) const {
    return IsKept(key_, column, drop_below_) ? scale_ : 0.0f;
  }

 private:
  uint32_t key_;
  int32_t drop_below_;
  float scale_;
};

// values[x] *= mask(first + x)
HWY_INLINE void MaskRange(const RowMask& mask, int first, int count, float* values) {
  const Floats d;
  const Bits bits;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + lanes <= count; x += lanes) {
    const FloatVec factors = mask.Factors(hn::Iota(bits, static_cast<uint32_t>(first + x)));
    hn::StoreU(hn::Mul(hn::LoadU(d, values + x), factors), d, values + x);
  }
  for (; x < count; ++x) values[x] *= mask.Factor(first + x);
}

// values[x] *= mask(sources[x])
HWY_INLINE void MaskList(const RowMask& mask, const uint16_t* sources, int count, float* values) {
  const Floats d;
  const Bits bits;
  const hn::Rebind<uint16_t, Bits> narrow;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + lanes <= count; x += lanes) {
    const BitsVec columns = hn::PromoteTo(bits, hn::LoadU(narrow, sources + x));
    hn::StoreU(hn::Mul(hn::LoadU(d, values + x), mask.Factors(columns)), d, values + x);
  }
  for (; x < count; ++x) values[x] *= mask.Factor(sources[x]);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_MASKS_INL_H_
