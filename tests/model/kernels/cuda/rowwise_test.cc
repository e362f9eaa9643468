// The fused kernels between the dense layers, on the host shim, against plain double arithmetic.
#include "model/kernels/cuda/rowwise.cuh"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/cuda/guarded_buffer.h"
#include "tests/model/kernels/cuda/shim_launcher.h"

namespace diffuser::kernels::cuda {
namespace {

using testing::GuardedBuffer;
using ::testing::IsEmpty;
using testing::ShimLauncher;

// Normal numbers, rounded to halves or not.
class Numbers {
 public:
  std::vector<float> Floats(size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = normal_(twister_);
    return values;
  }

  template <class Half>
  GuardedBuffer<Half> Halves(size_t count) {
    GuardedBuffer<Half> halves(count);
    const std::vector<float> values = Floats(count);
    for (size_t i = 0; i < count; ++i) halves.data()[i] = {shim::ToBits<Half>(values[i])};
    return halves;
  }

 private:
  std::mt19937 twister_{7};
  std::normal_distribution<float> normal_{0.0f, 2.0f};
};

template <class Half>
double At(const GuardedBuffer<Half>& halves, int64_t index) {
  return shim::ToFloat<Half>(halves.data()[index].bits);
}

template <class Half>
void ExpectNear(const GuardedBuffer<Half>& actual, const std::vector<double>& expected) {
  const double epsilon = std::is_same_v<Half, BFloat16> ? 1.0 / 256 : 1.0 / 2048;
  EXPECT_TRUE(actual.IsIntact());
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(At(actual, i), expected[i], 1e-5 + 1.05 * epsilon * std::abs(expected[i])) << i;
  }
}

// LayerNorm of rows of `hidden` numbers.
std::vector<double> Normalized(std::vector<double> rows, const LayerNormWeights& norm) {
  for (auto row = rows.begin(); row != rows.end(); row += norm.hidden) {
    double mean = 0, variance = 0;
    for (int x = 0; x < norm.hidden; ++x) mean += row[x] / norm.hidden;
    for (int x = 0; x < norm.hidden; ++x) variance += std::pow(row[x] - mean, 2) / norm.hidden;
    for (int x = 0; x < norm.hidden; ++x) {
      row[x] = (row[x] - mean) / std::sqrt(variance + norm.epsilon) * norm.weight[x] + norm.bias[x];
    }
  }
  return rows;
}

class Rowwise : public ::testing::TestWithParam<int> {
 protected:
  LayerNormWeights Norm() { return {weight_.data(), bias_.data(), 1e-5f, hidden_}; }
  LaunchDims Rows(int rows) const {
    return {.x = rows, .threads = kRowThreads, .shared_bytes = RowSharedBytes(hidden_)};
  }

  template <class Half>
  void ExpectAddsAndNormalizes(bool with_bias);

  const int hidden_ = GetParam();
  Numbers numbers_;
  const std::vector<float> weight_ = numbers_.Floats(hidden_);
  const std::vector<float> bias_ = numbers_.Floats(hidden_);
  ShimLauncher launcher_;
};

template <class Half>
void Rowwise::ExpectAddsAndNormalizes(bool with_bias) {
  constexpr int kRows = 3;
  const auto x = numbers_.Halves<Half>(kRows * hidden_);
  auto out = numbers_.Halves<Half>(kRows * hidden_);  // the residual, written over
  const std::vector<float> dense_bias = numbers_.Floats(hidden_);
  std::vector<double> sums;
  for (int i = 0; i < kRows * hidden_; ++i) {
    sums.push_back(At(x, i) + At(out, i) + (with_bias ? dense_bias[i % hidden_] : 0.0f));
  }
  launcher_.Launch(
      Rows(kRows), ResidualLayerNorm<Half>,
      ResidualLayerNormArgs<Half>{Norm(), x.data(), out.data(),
                                  with_bias ? dense_bias.data() : nullptr, out.data()});
  EXPECT_THAT(launcher_.reports, IsEmpty());
  ExpectNear(out, Normalized(sums, Norm()));
}

TEST_P(Rowwise, AddsAndNormalizesBFloat16) { ExpectAddsAndNormalizes<BFloat16>(true); }

TEST_P(Rowwise, AddsAndNormalizesFloat16) { ExpectAddsAndNormalizes<Float16>(false); }

TEST_P(Rowwise, EmbedsAndNormalizes) {
  const auto words = numbers_.Halves<BFloat16>(5 * hidden_);
  const auto positions = numbers_.Halves<BFloat16>(4 * hidden_);
  const auto type = numbers_.Halves<BFloat16>(hidden_);
  const std::vector<int32_t> ids = {4, 0, 2};
  const std::vector<int32_t> at = {2, 3, 2};
  GuardedBuffer<BFloat16> out(ids.size() * hidden_);
  launcher_.Launch(Rows(3), EmbeddingLayerNorm<BFloat16>,
                   EmbeddingLayerNormArgs<BFloat16>{Norm(), ids.data(), at.data(), words.data(),
                                                    positions.data(), type.data(), out.data()});
  EXPECT_THAT(launcher_.reports, IsEmpty());
  std::vector<double> sums;
  for (size_t t = 0; t < ids.size(); ++t) {
    for (int x = 0; x < hidden_; ++x) {
      sums.push_back(At(words, ids[t] * hidden_ + x) + At(positions, at[t] * hidden_ + x) +
                     At(type, x));
    }
  }
  ExpectNear(out, Normalized(sums, Norm()));
}

TEST_P(Rowwise, ActivatesInPlace) {
  const auto expected = [](double x, Activation activation) {
    switch (activation) {
      case Activation::kGelu:
        return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
      case Activation::kGeluTanh:
        return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
      case Activation::kRelu:
        return std::max(x, 0.0);
      case Activation::kNone:
        return x;
    }
    return x;
  };
  for (const auto activation :
       {Activation::kNone, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    auto x = numbers_.Halves<BFloat16>(3 * hidden_);
    std::vector<double> results;
    for (int i = 0; i < 3 * hidden_; ++i) {
      results.push_back(expected(At(x, i) + bias_[i % hidden_], activation));
    }
    launcher_.Launch({.x = 2, .threads = kRowThreads}, BiasActivation<BFloat16>,
                     BiasActivationArgs<BFloat16>{x.data(), bias_.data(), 3, hidden_, activation},
                     2);
    EXPECT_THAT(launcher_.reports, IsEmpty());
    ExpectNear(x, results);
  }
}

TEST_P(Rowwise, RacesWithoutAnyOneOfItsBarriers) {
  const auto x = numbers_.Halves<BFloat16>(hidden_);
  GuardedBuffer<BFloat16> out(hidden_);
  const auto reports = [&](const std::string& without_barrier) {
    launcher_ = {.without_barrier = without_barrier};
    launcher_.Launch(
        Rows(1), ResidualLayerNorm<BFloat16>,
        ResidualLayerNormArgs<BFloat16>{Norm(), x.data(), x.data(), nullptr, out.data()});
    return launcher_.reports;
  };
  EXPECT_THAT(reports(""), IsEmpty());
  const auto barriers = launcher_.barriers;
  EXPECT_EQ(barriers.size(), 2);
  for (const std::string& barrier : barriers) {
    EXPECT_THAT(reports(barrier), ::testing::Not(IsEmpty())) << barrier;
  }
}

INSTANTIATE_TEST_SUITE_P(Hidden, Rowwise, ::testing::Values(8, 48, 768, 1032));

}  // namespace
}  // namespace diffuser::kernels::cuda
