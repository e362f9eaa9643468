#include "model/kernels/attention_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_fixture.h"

namespace diffuser::kernels {
namespace {

using testing::Answers;
using testing::BuildOrDie;
using testing::Compute;
using testing::ExpectWithin;
using testing::KernelsOrDie;
using testing::OnThreads;
using testing::Projections;
using testing::Seeds;
using testing::Serial;
using testing::UseTarget;

constexpr float kEpsilon = std::numeric_limits<float>::epsilon();

// --- The definition itself, on a case small enough to work out by hand. ---

// One head of one float; the graph is one local band, so every token reads every other.
TEST(ReferenceKernels, EqualAResultWorkedOutByHand) {
  const auto graph = BuildOrDie({.nodes = 2, .window = 2});
  const DiffusionShape shape = {.heads = 1, .head_dim = 1, .hops = 2, .alpha = 0.25f};
  // Scores of token 0: ln 3 and 0, so its weights are 3/4 and 1/4; of token 1: 1/2 and 1/2.
  const std::vector<float> q = {std::log(3.0f), 0.0f};
  const std::vector<float> k = {1.0f, 0.0f};
  const std::vector<float> v = {4.0f, 8.0f};
  const std::vector<int32_t> offsets = {0, 2};
  const QkvView view = {q.data(), k.data(), v.data(), 1, offsets};
  // h1 = 3/4 (5, 6) + 1/4 (4, 8) = (4.75, 6.5); h2 = 3/4 (5.1875, 5.625) + (1, 2)
  for (const char* name : {"reference", "cpu"}) {
    float out[2];
    float weights[2];
    const auto kernels = KernelsOrDie(name);
    kernels->Diffuse(*graph, shape, view, out, Serial);
    kernels->FirstTokenWeights(*graph, shape, view, weights, Serial);
    EXPECT_NEAR(out[0], 4.890625f, 1e-6f) << name;
    EXPECT_NEAR(out[1], 6.21875f, 1e-6f) << name;
    EXPECT_NEAR(weights[0] * 4 + weights[1] * 8, 4.890625f, 1e-6f) << name;
    EXPECT_NEAR(weights[0] + weights[1], 1.0f, 1e-6f) << name;
  }
}

TEST(AttentionKernels, KeepAlphaOfATokenWithoutSources) {
  const auto graph = BuildOrDie({.nodes = 50, .window = 16});  // 48 and 49 have no edge at all
  const DiffusionShape shape = {.heads = 1, .head_dim = 4};
  const Projections batch(shape, {50}, {5}, 1.0f);
  for (const char* name : {"reference", "cpu"}) {
    const Answers answers = Compute(*KernelsOrDie(name), *graph, shape, batch, Serial);
    const float* v = static_cast<const float*>(batch.view().v) + 49 * batch.view().row_stride;
    for (int x = 0; x < 4; ++x) EXPECT_NEAR(answers.all[49 * 4 + x], 0.1f * v[x], 1e-7f) << name;
  }
}

TEST(AttentionKernels, AreFoundByName) {
  EXPECT_EQ(KernelsOrDie("cpu")->name(), "cpu");
  EXPECT_EQ(KernelsOrDie("reference")->name(), "reference");
  const auto unknown = MakeAttentionKernels("gpu");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.status().message()), ::testing::HasSubstr("\"gpu\""));
}

// --- cpu against the reference, on every vector target of the machine. ---

class Generated : public testing::CaseTest {
 protected:
  void SetUp() override {
    CaseTest::SetUp();
    batch_ = std::make_unique<Projections>(Batch(Element::kFloat32));
  }

  Answers ComputeWith(const char* kernels) const { return CaseTest::ComputeWith(kernels, *batch_); }

  std::unique_ptr<Projections> batch_;
};

TEST_P(Generated, CpuMatchesTheReferenceOnEveryTarget) {
  const Answers expected = ComputeWith("reference");
  // Scores of magnitude m^2 sqrt(D) are off by epsilon of that, and so is the exponent.
  const float m = GetParam().magnitude;
  const float scores = 1 + m * m * std::sqrt(static_cast<float>(GetParam().shape.head_dim));
  const auto targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    UseTarget(target);
    const Answers actual = ComputeWith("cpu");
    ExpectWithin(3 * scores * kEpsilon, actual.all, expected.all, "h");
    ExpectWithin(3 * scores * kEpsilon, actual.first, expected.first, "h of the first token");
    ExpectWithin(3 * scores * kEpsilon, actual.evidence, expected.evidence, "evidence");
  }
}

TEST_P(Generated, TheFirstTokenBackwardsIsTheFirstRowForwards) {
  const Answers answers = ComputeWith("cpu");
  const size_t width = GetParam().shape.heads * GetParam().shape.head_dim;
  std::vector<float> rows;
  for (int i = 0; i < batch_->documents(); ++i) {
    const auto row = answers.all.begin() + batch_->offset(i) * width;
    rows.insert(rows.end(), row, row + width);
  }
  ExpectWithin(40 * kEpsilon, answers.first, rows, "h of the first token");
}

// True where the first token's walk of any number of steps meets none without a source.
bool EveryReachedTokenHasASource(const graph::AttentionGraph& graph, int length) {
  std::vector<bool> reached(length);
  std::vector<int> waiting = {0};
  while (!waiting.empty()) {
    const int token = waiting.back();
    waiting.pop_back();
    if (reached[token]) continue;
    reached[token] = true;
    const auto sources = graph.Sources(token, length);
    if (sources.empty()) return false;
    waiting.insert(waiting.end(), sources.begin(), sources.end());
  }
  return true;
}

TEST_P(Generated, EvidenceSumsToOne) {
  const Answers answers = ComputeWith("cpu");
  for (int i = 0; i < batch_->documents(); ++i) {
    const auto begin = answers.evidence.begin() + batch_->offset(i);
    const double sum = std::accumulate(begin, begin + batch_->length(i), 0.0);
    if (EveryReachedTokenHasASource(*graph_, batch_->length(i))) {
      EXPECT_NEAR(sum, 1.0, 2e-6) << "document " << i;
    } else {
      EXPECT_LT(sum, 1.0) << "document " << i;
    }
    EXPECT_GE(*std::min_element(begin, begin + batch_->length(i)), 0.0f);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Generated, ::testing::ValuesIn(testing::GeneratedCases()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(WholeGraph, Generated, ::testing::Values(testing::WholeGraphCase()),
                         [](const auto& test) { return test.param.name; });

// --- A document's bits hang neither on its batch nor on the threads. ---

// One document out of the batch's answers.
Answers OneOf(const Answers& batch, const Projections& projections, int document, int width) {
  const auto cut = [](const std::vector<float>& from, size_t begin, size_t count) {
    return std::vector<float>(from.begin() + begin, from.begin() + begin + count);
  };
  const size_t offset = projections.offset(document);
  const size_t length = projections.length(document);
  return {cut(batch.all, offset * width, length * width),
          cut(batch.first, static_cast<size_t>(document) * width, width),
          cut(batch.evidence, offset, length)};
}

class BatchIndependence : public ::testing::TestWithParam<std::pair<const char*, Element>> {};

TEST_P(BatchIndependence, HoldsBitForBit) {
  const auto graph = BuildOrDie({.nodes = 512, .window = 16, .num_rand = 6, .num_glob = 20});
  const DiffusionShape shape = {.heads = 3, .head_dim = 12};
  const int width = shape.heads * shape.head_dim;
  const auto [name, element] = GetParam();
  const auto kernels = KernelsOrDie(name);
  const std::vector<int> lengths = {37, 1, 200, 64, 2, 511};
  const std::vector<uint32_t> seeds = Seeds(lengths.size());
  std::vector<Answers> alone;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const Projections one(shape, {lengths[i]}, {seeds[i]}, 1.0f, element);
    alone.push_back(Compute(*kernels, *graph, shape, one, Serial));
  }
  const std::vector<std::vector<int>> orders = {
      {0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 2, 0, 5}, {3, 0, 5, 1, 4, 2}};
  for (const auto& order : orders) {
    std::vector<int> batch_lengths;
    std::vector<uint32_t> batch_seeds;
    for (const int i : order) {
      batch_lengths.push_back(lengths[i]);
      batch_seeds.push_back(seeds[i]);
    }
    const Projections batch(shape, batch_lengths, batch_seeds, 1.0f, element);
    for (const int threads : {1, 3}) {
      const Answers answers =
          Compute(*kernels, *graph, shape, batch,
                  [&](int64_t count, auto body) { OnThreads(threads, count, body); });
      for (size_t at = 0; at < order.size(); ++at) {
        const Answers one = OneOf(answers, batch, static_cast<int>(at), width);
        EXPECT_EQ(one.all, alone[order[at]].all);
        EXPECT_EQ(one.first, alone[order[at]].first);
        EXPECT_EQ(one.evidence, alone[order[at]].evidence);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, BatchIndependence,
                         ::testing::Values(std::pair("reference", Element::kFloat32),
                                           std::pair("cpu", Element::kFloat32),
                                           std::pair("cpu", Element::kBFloat16)));

// The thread's workspace is reused: what a larger or smaller document left there must not show, nor
// what another element type did.
TEST(CpuKernels, ForgetTheDocumentBefore) {
  const auto graph = BuildOrDie({.nodes = 300, .window = 16, .num_rand = 6, .num_glob = 20});
  const auto other = BuildOrDie({.nodes = 400, .window = 60, .num_rand = 9, .num_glob = 50});
  const DiffusionShape shape = {.heads = 1, .head_dim = 20};
  const DiffusionShape large_shape = {.heads = 1, .head_dim = 64};
  const auto kernels = KernelsOrDie("cpu");
  for (const Element element : {Element::kFloat32, Element::kBFloat16}) {
    const Projections small(shape, {93}, {1}, 1.0f, element);
    const Answers before = Compute(*kernels, *graph, shape, small, Serial);
    for (const Element between : {Element::kFloat32, Element::kBFloat16}) {
      const Projections large(large_shape, {400}, {2}, 50.0f, between);
      Compute(*kernels, *other, large_shape, large, Serial);
      const Answers after = Compute(*kernels, *graph, shape, small, Serial);
      EXPECT_EQ(before.all, after.all);
      EXPECT_EQ(before.first, after.first);
      EXPECT_EQ(before.evidence, after.evidence);
    }
  }
}

}  // namespace
}  // namespace diffuser::kernels
