#include "model/kernels/rows/row_kernels.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "hwy/targets.h"

namespace diffuser::kernels {
namespace {

constexpr int64_t kRows = 9;

at::Tensor Double(const at::Tensor& x) { return x.to(at::kDouble); }

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (Double(a) - Double(b)).abs().max().item<double>();
}

// A sink of all forms at once.
struct Results {
  explicit Results(int64_t rows, int64_t width, QuantizedRange whole = {})
      : float32(at::empty({rows, width})),
        bfloat16(at::empty({rows, width}, at::kBFloat16)),
        quantized(at::empty({rows, width}, at::kByte)),
        scales(at::empty({rows})),
        range(whole) {}

  RowSink Sink() {
    return {.float32 = float32.mutable_data_ptr<float>(),
            .bfloat16 = static_cast<BFloat16*>(bfloat16.mutable_data_ptr()),
            .quantized = quantized.mutable_data_ptr<uint8_t>(),
            .scales = scales.mutable_data_ptr<float>(),
            .range = range};
  }

  // The forms agree with each other, and float32 with `expected`, double.
  void Expect(const at::Tensor& expected, double bound) const {
    EXPECT_LT(LargestDifference(float32, expected), bound);
    EXPECT_TRUE(bfloat16.equal(float32.to(at::kBFloat16)));
    // Negative values that the range has no numbers for become 0.
    const at::Tensor held = range.zero > 0 ? float32 : float32.clamp_min(0);
    at::Tensor least = held.amax(1).clamp_min(0) / (range.top - range.zero);
    if (range.zero > 0) least = at::maximum(least, held.amin(1).clamp_max(0) / -range.zero);
    EXPECT_LE(LargestDifference(scales, least), 1e-6 * least.max().item<double>());
    EXPECT_LE(quantized.max().item<int>(), range.top);
    const at::Tensor restored = (Double(quantized) - range.zero) * Double(scales).unsqueeze(1);
    const at::Tensor off = (restored - Double(held)).abs() - 0.5001 * Double(scales).unsqueeze(1);
    EXPECT_LE(off.max().item<double>(), 1e-12);
  }

  at::Tensor float32, bfloat16, quantized, scales;
  QuantizedRange range;
};

RowSource SourceOf(const at::Tensor& values) {
  const bool half = values.scalar_type() == at::kBFloat16;
  return {.values = values.const_data_ptr(),
          .element = half ? Element::kBFloat16 : Element::kFloat32};
}

// For every width, and every vector target that this machine has.
class RowKernelsTest : public ::testing::TestWithParam<int64_t> {
 protected:
  RowKernelsTest() { at::manual_seed(5); }
  ~RowKernelsTest() override { hwy::SetSupportedTargetsForTest(0); }

  template <class Body>
  void OnEveryTarget(Body body) {
    const int64_t all = hwy::SupportedTargets();
    for (int64_t rest = all; rest != 0; rest &= rest - 1) {
      SCOPED_TRACE(hwy::TargetName(rest & -rest));
      hwy::SetSupportedTargetsForTest(rest & -rest);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      body();
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }

  RowExtent Extent() const { return {kRows, GetParam()}; }
  at::Tensor Random() const { return at::randn({kRows, GetParam()}) * 3; }
};

TEST_P(RowKernelsTest, ActivatesAsAtenDoes) {
  at::Tensor x = Random();
  x.select(0, 0).fill_(-40);  // far out, where exponentials overflow
  x.select(0, 1).fill_(40);
  const auto expect = [&](RowActivation activation, const at::Tensor& expected) {
    Results results(kRows, GetParam());
    ConvertRows(Extent(), SourceOf(x), activation, results.Sink());
    results.Expect(expected, 2e-6);
    Results upwards(kRows, GetParam(), {.zero = 16, .top = 255});
    ConvertRows(Extent(), SourceOf(x), activation, upwards.Sink());
    upwards.Expect(expected, 2e-6);
  };
  OnEveryTarget([&] {
    expect(RowActivation::kNone, Double(x));
    expect(RowActivation::kGelu, at::gelu(Double(x)));
    expect(RowActivation::kGeluTanh, at::gelu(Double(x), "tanh"));
    expect(RowActivation::kRelu, at::relu(Double(x)));
  });
}

TEST_P(RowKernelsTest, ActivatesForQuantizedNumbersAloneAsCloselyAsTheyCanTell) {
  at::Tensor x = Random();
  x.select(0, 0).fill_(-40);
  x.select(0, 1).fill_(40);
  x.select(0, 2).copy_(at::linspace(-6, 6, GetParam()));
  const auto expect = [&](RowActivation activation, const at::Tensor& expected) {
    Results results(kRows, GetParam(), {.zero = 16, .top = 255});
    RowSink sink = results.Sink();
    sink.float32 = nullptr;
    sink.bfloat16 = nullptr;
    ConvertRows(Extent(), SourceOf(x), activation, sink);
    const at::Tensor scales = Double(results.scales).unsqueeze(1);
    const at::Tensor restored = (Double(results.quantized) - 16) * scales;
    const at::Tensor allowed =
        0.5001 * scales + at::maximum(Double(x).abs() * 8e-6, at::tensor(6e-5));
    EXPECT_LE(((restored - expected).abs() - allowed).max().item<double>(), 0.0);
    // The scales too are those of the activation.
    const at::Tensor top = expected.amax(1).clamp_min(0) / 239, low = expected.amin(1) / -16;
    EXPECT_LE(LargestDifference(results.scales, at::maximum(top, low)), 40 * 8e-6 / 16);
  };
  OnEveryTarget([&] {
    expect(RowActivation::kGelu, at::gelu(Double(x)));
    expect(RowActivation::kGeluTanh, at::gelu(Double(x), "tanh"));
  });
}

TEST_P(RowKernelsTest, AppliesScalesAndBiasBeforeAnythingElse) {
  const at::Tensor x = Random().to(at::kBFloat16), scales = at::rand({kRows}) + 0.5,
                   bias = at::randn({GetParam()});
  RowSource source = SourceOf(x);
  source.scales = scales.const_data_ptr<float>();
  source.bias = bias.const_data_ptr<float>();
  OnEveryTarget([&] {
    Results results(kRows, GetParam(), {.zero = 0, .top = 127});
    ConvertRows(Extent(), source, RowActivation::kRelu, results.Sink());
    results.Expect(at::relu(Double(x) * Double(scales).unsqueeze(1) + Double(bias)), 3e-6);
  });
}

TEST_P(RowKernelsTest, NormalizesAsAtenDoesFarFromZeroToo) {
  const at::Tensor weight = at::randn({GetParam()}), bias = at::randn({GetParam()});
  const RowNorm norm = {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), 1e-5f};
  for (const double offset : {0.0, 50.0}) {
    const at::Tensor x = Random(), residual = Random() + offset;
    const at::Tensor expected = at::layer_norm(Double(x) + Double(residual), {GetParam()},
                                               Double(weight), Double(bias), 1e-5);
    OnEveryTarget([&] {
      Results results(kRows, GetParam());
      NormalizeRows(Extent(), SourceOf(x), residual.const_data_ptr<float>(), norm, results.Sink());
      results.Expect(expected, offset == 0.0 ? 1e-5 : 2e-4);
    });
  }
}

TEST_P(RowKernelsTest, WritesOverItsResidual) {
  const at::Tensor weight = at::ones({GetParam()}), bias = at::zeros({GetParam()});
  const RowNorm norm = {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), 1e-5f};
  const at::Tensor x = Random(), residual = Random();
  OnEveryTarget([&] {
    Results results(kRows, GetParam());
    NormalizeRows(Extent(), SourceOf(x), residual.const_data_ptr<float>(), norm, results.Sink());
    at::Tensor in_place = residual.clone();
    float* data = in_place.mutable_data_ptr<float>();
    NormalizeRows(Extent(), SourceOf(x), data, norm, {.float32 = data});
    EXPECT_TRUE(in_place.equal(results.float32));
  });
}

TEST_P(RowKernelsTest, EmbedsAsAtenDoes) {
  const int64_t width = GetParam();
  const at::Tensor word = at::randn({20, width}), position = at::randn({12, width}),
                   token_type = at::randn({width}), weight = at::randn({width}),
                   bias = at::randn({width});
  const std::vector<int32_t> ids = {3, 19, 0, 0, 7}, positions = {2, 3, 4, 2, 11};
  const std::vector<int64_t> wide_ids(ids.begin(), ids.end()),
      wide_positions(positions.begin(), positions.end());
  const at::Tensor sum = Double(word).index_select(0, at::tensor(wide_ids)) +
                         Double(position).index_select(0, at::tensor(wide_positions)) +
                         Double(token_type);
  OnEveryTarget([&] {
    Results results(static_cast<int64_t>(ids.size()), width);
    EmbedRows(ids, positions, width,
              {word.const_data_ptr<float>(), position.const_data_ptr<float>(),
               token_type.const_data_ptr<float>()},
              {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), 1e-5f},
              results.Sink());
    results.Expect(at::layer_norm(sum, {width}, Double(weight), Double(bias), 1e-5), 1e-5);
  });
}

TEST_P(RowKernelsTest, QuantizesARowOfZerosToZeros) {
  const at::Tensor x = at::zeros({kRows, GetParam()});
  OnEveryTarget([&] {
    Results results(kRows, GetParam());
    ConvertRows(Extent(), SourceOf(x), RowActivation::kNone, results.Sink());
    EXPECT_TRUE(results.scales.equal(at::zeros({kRows})));
    EXPECT_TRUE(results.quantized.equal(at::full({kRows, GetParam()}, 128, at::kByte)));
  });
}

INSTANTIATE_TEST_SUITE_P(Widths, RowKernelsTest, ::testing::Values(3, 16, 48, 100, 129, 768, 3072));

}  // namespace
}  // namespace diffuser::kernels
