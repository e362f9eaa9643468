// Exponentials of the softmax, for each of Highway's targets; included by cpu_scores-inl.h and
// cpu_bfloat16_weights-inl.h, and by its test.
//
// A weight is 2^t with t = log2(e) (score - max) <= 0. With n an integer near t, 2^t = 2^n 2^(t-n),
// where 2^(t-n) is a polynomial, the one with the least relative error of its degree (found by
// Remez' exchange), and 2^n an addition to the exponent. Tested in
// tests/model/kernels/cpu_exp_test.cc.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_EXP_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_EXP_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_EXP_INL_H_
#endif

#include "model/kernels/cpu_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

constexpr float kLog2E = 1.44269504f;

// 2^t for t <= 0, to a relative error of 2.5e-7: 7.5e-8 of the polynomial, of degree 5 on
// [-1/2, 1/2], the rest rounding. 0 below 2^-115, which is below 1e-34 of the row's largest weight:
// that keeps denormal numbers, which are slow, out of the products.
HWY_INLINE FloatVec Exp2(FloatVec t) {
  const Floats d;
  const hn::RebindToSigned<Floats> ints;
  const FloatVec n = hn::Round(t);
  const FloatVec r = hn::Sub(t, n);
  FloatVec p = hn::MulAdd(hn::Set(d, 0.0013276472f), r, hn::Set(d, 0.00967554133f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.0555071327f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.240221197f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.693146967f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.00000007f));
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(ints, n));
  const FloatVec scaled = hn::BitCast(d, hn::Add(hn::BitCast(ints, p), exponent));
  return hn::IfThenElseZero(hn::Ge(t, hn::Set(d, -115.0f)), scaled);
}

#if HWY_TARGET == HWY_AVX3
// The same to a relative error of 7.6e-5, a 26th of what rounding to bfloat16 may add: degree 3 on
// [0, 1). Denormal numbers come out as such.
HWY_INLINE FloatVec RoughExp2(FloatVec t) {
  const Floats d;
  constexpr int kLessFloor = 0x09;
  const FloatVec r{_mm512_reduce_ps(t.raw, kLessFloor)};
  FloatVec p = hn::MulAdd(hn::Set(d, 0.0780245227f), r, hn::Set(d, 0.226067155f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.695833541f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.999925219f));
  return FloatVec{_mm512_scalef_ps(p.raw, t.raw)};
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_EXP_INL_H_
