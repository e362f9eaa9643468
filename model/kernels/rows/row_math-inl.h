// What is done to one row between reading and writing it, for each of Highway's targets; included
// by row_kernels.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#undef DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "model/kernels/rows/row_io-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// x * (1 + erf(x / sqrt(2))) / 2, with erf by Abramowitz and Stegun, 7.1.26: within 1.5e-7.
HWY_INLINE Vec Gelu(Vec x) {
  const F32 d;
  const Vec z = hn::Mul(hn::Abs(x), hn::Set(d, 0.70710678f));
  const Vec t = hn::Div(hn::Set(d, 1.0f), hn::MulAdd(z, hn::Set(d, 0.3275911f), hn::Set(d, 1.0f)));
  Vec p = hn::MulAdd(t, hn::Set(d, 1.061405429f), hn::Set(d, -1.453152027f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.421413741f));
  p = hn::MulAdd(p, t, hn::Set(d, -0.284496736f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.254829592f));
  const Vec tail = hn::Mul(hn::Mul(p, t), hn::Exp(d, hn::Neg(hn::Mul(z, z))));  // 1 - erf(z)
  const Vec half = hn::Mul(hn::Set(d, 0.5f), x);
  const Vec of_negative = hn::Mul(half, tail);
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), of_negative, hn::Sub(x, of_negative));
}

// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2 = x / (1 + e^(-2 ...)).
HWY_INLINE Vec GeluTanh(Vec x) {
  const F32 d;
  const Vec cubic = hn::MulAdd(hn::Mul(hn::Mul(x, x), x), hn::Set(d, 0.044715f), x);
  const Vec exponent = hn::Mul(cubic, hn::Set(d, -2.0f * 0.79788456f));
  const Vec e = hn::Exp(d, hn::Min(exponent, hn::Set(d, 80.0f)));  // Exp ends at 104
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

// x * (1/2 + x * (c[0] + c[1] x^2 + ... + c[8] x^16)) up to |x| = end, from where on the factor of
// x stays 0 or 1: c is the minimax approximation of an activation, with the factor at the end
// given.
struct SigmoidPolynomial {
  float end;
  float c[9];
};
// Both, as computed, within 6e-5 of the activation, or 8e-6 of x.
constexpr SigmoidPolynomial kRoughGelu = {
    4.5f,
    {0.398708403f, -0.0659770444f, 0.00958055165f, -0.00103622943f, 8.12065045e-05f,
     -4.43142835e-06f, 1.58013691e-07f, -3.28360539e-09f, 2.99967898e-11f}};
constexpr SigmoidPolynomial kRoughGeluTanh = {
    4.25f,
    {0.398787767f, -0.0664529726f, 0.00990481116f, -0.00112864387f, 9.54714342e-05f,
     -5.72212048e-06f, 2.26466483e-07f, -5.25377164e-09f, 5.37452305e-11f}};

HWY_INLINE Vec Approximate(const SigmoidPolynomial& sigmoid, Vec x) {
  const F32 d;
  const Vec near = hn::Min(hn::Max(x, hn::Set(d, -sigmoid.end)), hn::Set(d, sigmoid.end));
  const Vec square = hn::Mul(near, near);
  Vec p = hn::Set(d, sigmoid.c[8]);
  for (int i = 7; i >= 0; --i) p = hn::MulAdd(p, square, hn::Set(d, sigmoid.c[i]));
  return hn::Mul(x, hn::MulAdd(near, p, hn::Set(d, 0.5f)));
}

// Calls body(activation), a function of vectors. Where eight bits are all that will be kept of its
// values, they are `rough`.
template <class Body>
HWY_INLINE void WithActivation(RowActivation activation, bool rough, Body body) {
  switch (activation) {
    case RowActivation::kGelu:
      if (rough) return body([](Vec x) HWY_ATTR { return Approximate(kRoughGelu, x); });
      return body([](Vec x) HWY_ATTR { return Gelu(x); });
    case RowActivation::kGeluTanh:
      if (rough) return body([](Vec x) HWY_ATTR { return Approximate(kRoughGeluTanh, x); });
      return body([](Vec x) HWY_ATTR { return GeluTanh(x); });
    case RowActivation::kRelu:
      return body([](Vec x) HWY_ATTR { return hn::Max(x, hn::Zero(F32())); });
    case RowActivation::kNone:
      return body([](Vec x) HWY_ATTR { return x; });
  }
}

// Writes LayerNorm of `row`, whose elements' sum is `sum`, to row `index` of the sink. The squares
// are summed in a pass of their own: as exact as float32 sums are, whatever the mean.
HWY_INLINE void NormalizeRow(const RowNorm& norm, const Row& row, Vec sum, int64_t index,
                             const RowSink& sink) {
  const F32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float count = static_cast<float>(row.width);
  const Vec mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, sum)) / count);
  const auto deviation = [&](int64_t x)
                             HWY_ATTR { return hn::Sub(hn::LoadU(d, row.values + x), mean); };
  Vec even = hn::Zero(d), odd = even;
  int64_t x = 0;
  for (; x + 2 * lanes <= row.width; x += 2 * lanes) {
    const Vec first = deviation(x), second = deviation(x + lanes);
    even = hn::MulAdd(first, first, even);
    odd = hn::MulAdd(second, second, odd);
  }
  for (; x < row.width; x += lanes) {
    const size_t left = static_cast<size_t>(std::min(row.width - x, lanes));
    const Vec last = hn::IfThenElseZero(hn::FirstN(d, left), deviation(x));
    even = hn::MulAdd(last, last, even);
  }
  const float squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  const Vec scale = hn::Set(d, 1.0f / std::sqrt(squares / count + norm.epsilon));
  WriteRow(row, index, sink, [&](int64_t at) HWY_ATTR {
    const int64_t left = row.width - at;
    const Vec unit = hn::Mul(deviation(at), scale);
    return hn::MulAdd(unit, LoadPart(norm.weight + at, left), LoadPart(norm.bias + at, left));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard
