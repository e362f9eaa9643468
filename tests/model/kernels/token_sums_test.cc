#include "model/kernels/token_sums.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_fixture.h"

namespace diffuser::kernels {
namespace {

using testing::ExpectWithin;
using testing::OnThreads;
using testing::Serial;
using testing::UseTarget;

std::vector<float> Random(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> values(-1.0f, 1.0f);
  std::vector<float> random(count);
  for (float& value : random) value = values(generator);
  return random;
}

// Documents of 1, 64, 150 and 5 tokens.
class TokenSums : public ::testing::TestWithParam<int> {
 protected:
  ~TokenSums() override { UseTarget(0); }

  struct Sums {
    std::vector<float> sums;    // [documents, H, width]
    std::vector<float> totals;  // [documents, H]
  };

  Sums Compute(ParallelFor parallel) const {
    const int documents = weights_.documents();
    Sums all = {std::vector<float>(documents * kHeads * width_, -7.0f),
                std::vector<float>(documents * kHeads, -7.0f)};
    SumTokens(weights_, x_.data(), width_, all.sums.data(), all.totals.data(), parallel);
    return all;
  }

  Sums Expected() const {
    Sums all;
    for (int i = 0; i < weights_.documents(); ++i) {
      for (int h = 0; h < kHeads; ++h) {
        std::vector<double> sums(width_);
        double total = 0;
        for (int t = offsets_[i]; t < offsets_[i + 1]; ++t) {
          const double s = s_[h * offsets_.back() + t];
          total += s;
          for (int c = 0; c < width_; ++c) sums[c] += s * x_[t * width_ + c];
        }
        all.sums.insert(all.sums.end(), sums.begin(), sums.end());
        all.totals.push_back(static_cast<float>(total));
      }
    }
    return all;
  }

  static constexpr int kHeads = 6;
  const int width_ = GetParam();
  const std::vector<int32_t> offsets_ = {0, 1, 65, 215, 220};
  const std::vector<float> s_ = Random(kHeads * offsets_.back(), 1);
  const std::vector<float> x_ = Random(offsets_.back() * width_, 2);
  const TokenWeights weights_ = {s_.data(), kHeads, offsets_};
};

TEST_P(TokenSums, AreThoseOfPlainLoopsOnEveryTarget) {
  const Sums expected = Expected();
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    UseTarget(target);
    const Sums actual = Compute(Serial);
    ExpectWithin(2e-6f, actual.sums, expected.sums, "sum");
    ExpectWithin(1e-6f, actual.totals, expected.totals, "total");
  }
}

TEST_P(TokenSums, AreTheSameBitsOnAnyThreads) {
  const Sums serial = Compute(Serial);
  const Sums threaded = Compute([](int64_t count, auto body) { OnThreads(3, count, body); });
  EXPECT_EQ(serial.sums, threaded.sums);
  EXPECT_EQ(serial.totals, threaded.totals);
}

INSTANTIATE_TEST_SUITE_P(Widths, TokenSums, ::testing::Values(1, 24, 100, 128, 300, 768));

TEST(AverageHeads, GivesTheMeanOfEveryToken) {
  const std::vector<float> s = {1, 2, 3, 5, 6, 7};
  const std::vector<int32_t> offsets = {0, 2, 3};
  std::vector<float> evidence(3);
  AverageHeads({s.data(), 2, offsets}, evidence.data());
  EXPECT_EQ(evidence, (std::vector<float>{3, 4, 5}));
}

}  // namespace
}  // namespace diffuser::kernels
