// What is done to one row between reading and writing it, for each of Highway's targets; included
// by row_kernels.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#undef DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_ROWS_ROW_MATH_INL_H_
#endif

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

template <class Function>
HWY_INLINE void ForEachVector(const Row& row, Function function) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  for (int64_t x = 0; x < row.padded_width; x += lanes) {
    hn::StoreU(function(hn::LoadU(F32(), row.values + x)), F32(), row.values + x);
  }
}

HWY_INLINE void Activate(RowActivation activation, const Row& row) {
  switch (activation) {
    case RowActivation::kGelu:
      return ForEachVector(row, [](Vec x) HWY_ATTR { return Gelu(x); });
    case RowActivation::kGeluTanh:
      return ForEachVector(row, [](Vec x) HWY_ATTR { return GeluTanh(x); });
    case RowActivation::kRelu:
      return ForEachVector(row, [](Vec x) HWY_ATTR { return hn::Max(x, hn::Zero(F32())); });
    case RowActivation::kNone:
      return;
  }
}

HWY_INLINE void AddElements(const float* from, const Row& row) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(F32()));
  const int64_t whole = WholeVectors(row.width);
  for (int64_t x = 0; x < whole; x += lanes) {
    const Vec sum = hn::Add(hn::LoadU(F32(), row.values + x), hn::LoadU(F32(), from + x));
    hn::StoreU(sum, F32(), row.values + x);
  }
  for (int64_t x = whole; x < row.width; ++x) row.values[x] += from[x];
}

// The sum of function(v, x) over the row's vectors v, at x; four sums, so that additions overlap.
template <class Function>
HWY_INLINE float SumOfVectors(const Row& row, Function function) {
  const F32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  Vec sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  const auto at = [&](int64_t x) HWY_ATTR { return function(hn::LoadU(d, row.values + x), x); };
  int64_t x = 0;
  for (; x + 4 * lanes <= row.padded_width; x += 4 * lanes) {
    sum0 = hn::Add(sum0, at(x));
    sum1 = hn::Add(sum1, at(x + lanes));
    sum2 = hn::Add(sum2, at(x + 2 * lanes));
    sum3 = hn::Add(sum3, at(x + 3 * lanes));
  }
  for (; x < row.padded_width; x += lanes) sum0 = hn::Add(sum0, at(x));
  const Vec sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// In two passes, mean first: as exact as float32 sums are, whatever the mean.
HWY_INLINE void Normalize(const RowNorm& norm, const Row& row) {
  const F32 d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const float count = static_cast<float>(row.width);
  const float mean = SumOfVectors(row, [](Vec v, int64_t) HWY_ATTR { return v; }) / count;
  const Vec center = hn::Set(d, mean);
  const float squares = SumOfVectors(row, [&](Vec v, int64_t x) HWY_ATTR {
    const Vec apart = hn::Sub(v, center);
    const Vec square = hn::Mul(apart, apart);
    const int64_t left = row.width - x;
    return left >= lanes ? square
                         : hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(left)), square);
  });
  const float factor = 1.0f / std::sqrt(squares / count + norm.epsilon);
  const Vec scale = hn::Set(d, factor);
  const int64_t whole = WholeVectors(row.width);
  for (int64_t x = 0; x < whole; x += lanes) {
    const Vec unit = hn::Mul(hn::Sub(hn::LoadU(d, row.values + x), center), scale);
    const Vec y = hn::MulAdd(unit, hn::LoadU(d, norm.weight + x), hn::LoadU(d, norm.bias + x));
    hn::StoreU(y, d, row.values + x);
  }
  for (int64_t x = whole; x < row.width; ++x) {
    row.values[x] = (row.values[x] - mean) * factor * norm.weight[x] + norm.bias[x];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard
