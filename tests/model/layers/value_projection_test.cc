#include "model/layers/value_projection.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace diffuser::layers {
namespace {

constexpr int64_t kHidden = 48;
constexpr int64_t kHeads = 4;

// One linear layer, whatever the name.
class OneLayer : public ParameterSource {
 public:
  explicit OneLayer(bool trainable) : trainable_(trainable) {}

  const model::ModelConfig& config() const override { return config_; }
  bool trainable() const override { return trainable_; }
  bool has(std::string_view) const override { return true; }
  at::Tensor Get(std::string_view name) const override {
    return name == "value.weight" ? weight : bias;
  }

  const at::Tensor weight = at::randn({kHidden, kHidden}), bias = at::randn({kHidden});

 private:
  model::ModelConfig config_;
  bool trainable_;
};

class ValueProjectionTest : public ::testing::TestWithParam<bool> {
 protected:
  ValueProjectionTest() { at::manual_seed(9); }
};

TEST_P(ValueProjectionTest, ProjectsEveryToken) {
  const OneLayer parameters(GetParam());
  const at::Tensor x = at::randn({30, kHidden});
  const at::Tensor expected = x.matmul(parameters.weight.t()) + parameters.bias;
  const at::Tensor v = ValueProjection(parameters, "value").Forward(x);
  EXPECT_LT((v - expected).abs().max().item<double>(), 2e-5);
}

TEST_P(ValueProjectionTest, ProjectsSumsToWhatSumsOfProjectionsAre) {
  const OneLayer parameters(GetParam());
  const ValueProjection value(parameters, "value");
  const std::vector<int32_t> offsets = {0, 1, 71, 90};
  const at::Tensor x = at::randn({90, kHidden}), s = at::rand({kHeads, 90});
  const at::Tensor v = value.Forward(x);
  const at::Tensor actual =
      value.ForwardSums({s.const_data_ptr<float>(), static_cast<int>(kHeads), offsets}, x);
  ASSERT_EQ(actual.sizes(), (std::vector<int64_t>{3, kHidden}));
  for (int i = 0; i < 3; ++i) {
    const int64_t length = offsets[i + 1] - offsets[i];
    for (int64_t h = 0; h < kHeads; ++h) {
      const auto own = [&](const at::Tensor& of) {
        return of.narrow(of.dim() - 1, h * kHidden / kHeads, kHidden / kHeads);
      };
      const at::Tensor expected =
          s[h].narrow(0, offsets[i], length).matmul(own(v.narrow(0, offsets[i], length)));
      EXPECT_LT((own(actual[i]) - expected).abs().max().item<double>(), 3e-4) << i << ", " << h;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Parameters, ValueProjectionTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "trained" : "packed"; });

}  // namespace
}  // namespace diffuser::layers
