// The attention of StreamKernels, on the host shim, against the reference kernels.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/cuda/run_on_shim.h"
#include "tests/model/kernels/cuda/stream_attention.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::Answers;
using kernels::testing::BuildOrDie;
using kernels::testing::KernelCase;
using kernels::testing::KernelsOrDie;
using kernels::testing::Projections;
using kernels::testing::Serial;
using testing::A100;
using testing::ComputeOnStream;
using testing::H100;
using testing::RoundedProjections;
using testing::SmallA100;
using testing::SmallH100;
using testing::StreamBatch;
using testing::StreamKernelsOrDie;
using testing::TheShimStream;

constexpr float Epsilon(BFloat16) { return 1.0f / 128; }
constexpr float Epsilon(Float16) { return 1.0f / 1024; }

Projections MakeProjections(const KernelCase& test) {
  std::vector<uint32_t> seeds(test.lengths.size());
  std::iota(seeds.begin(), seeds.end(), 100);
  return Projections(test.shape, test.lengths, seeds, test.magnitude);
}

// bound = absolute + factor * magnitude
void ExpectClose(const std::vector<float>& actual, const std::vector<float>& expected, float factor,
                 const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-7f + factor * largest) << what << " at " << i;
  }
}

template <class Half>
void ExpectMatchesReference(const KernelCase& test, const DeviceInfo& device) {
  const auto graph = BuildOrDie(test.graph);
  const Projections projections = MakeProjections(test);
  const RoundedProjections<Half> batch(projections.view(), test.shape);
  const auto kernels = StreamKernelsOrDie(device, *graph, test.shape);
  const Answers actual = ComputeOnStream(*kernels, test.shape, batch, batch.bounds());
  const int tokens = projections.tokens();
  const auto reference = KernelsOrDie("reference");
  Answers expected =
      kernels::testing::ComputeFirst(*reference, *graph, test.shape, batch.view(), Serial);
  expected.all.resize(tokens * batch.width);
  reference->Diffuse(*graph, test.shape, batch.view(), expected.all.data(), Serial);
  // h is rounded once a hop, the weights once; errors of earlier hops are averaged away.
  ExpectClose(actual.all, expected.all, 2 * Epsilon(Half()), "h");
  ExpectClose(actual.first, expected.first, Epsilon(Half()), "h of the first token");
  ExpectClose(actual.evidence, expected.evidence, Epsilon(Half()), "evidence");
}

std::vector<KernelCase> Cases() {
  std::vector<KernelCase> cases = kernels::testing::GeneratedCases();
  std::erase_if(cases, [](const KernelCase& test) { return test.shape.head_dim % 8 != 0; });
  return cases;
}

class Generated : public ::testing::TestWithParam<KernelCase> {};

int Longest(const KernelCase& test) {
  return *std::max_element(test.lengths.begin(), test.lengths.end());
}

TEST_P(Generated, MatchesTheReferenceInBFloat16WithClusters) {
  ExpectMatchesReference<BFloat16>(GetParam(),
                                   SmallH100(Longest(GetParam()), GetParam().shape.head_dim));
}

TEST_P(Generated, MatchesTheReferenceInFloat16WithoutClusters) {
  ExpectMatchesReference<Float16>(GetParam(),
                                  SmallA100(Longest(GetParam()), GetParam().shape.head_dim));
}

INSTANTIATE_TEST_SUITE_P(CudaAttention, Generated, ::testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

// --- As on devices of today: the longest documents. ---

constexpr graph::GraphOptions kBaseGraph = {
    .nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64};

TEST(CudaAttention, MatchesTheReferenceAt4096TokensOnH100) {
  ExpectMatchesReference<BFloat16>({"", kBaseGraph, {1, 40, 2}, {4096}}, H100());
}

TEST(CudaAttention, MatchesTheReferenceAt4096TokensOnA100) {
  ExpectMatchesReference<BFloat16>({"", kBaseGraph, {1, 8, 2}, {4096}}, A100());
}

// --- A document's bits hang on nothing but itself. ---

class Independence : public ::testing::Test {
 protected:
  using Batch = RoundedProjections<BFloat16>;

  static constexpr DiffusionShape kShape = {.heads = 2, .head_dim = 24, .hops = 3};
  static constexpr BatchBounds kLarge = {.tokens = 450, .documents = 9, .longest = 230};

  void TearDown() override { TheShimStream() = {}; }

  static Batch MakeBatch(const std::vector<int>& lengths, const std::vector<uint32_t>& seeds) {
    return Batch(Projections(kShape, lengths, seeds, 1.0f).view(), kShape);
  }

  Answers Compute(const Batch& batch, const BatchBounds& bounds) const {
    return ComputeOnStream(*kernels_, kShape, batch, bounds);
  }
  Answers Compute(const Batch& batch) const { return Compute(batch, batch.bounds()); }

  static void ExpectSame(const Answers& actual, const Answers& expected) {
    EXPECT_EQ(actual.all, expected.all);
    EXPECT_EQ(actual.first, expected.first);
    EXPECT_EQ(actual.evidence, expected.evidence);
  }

  const std::shared_ptr<const graph::AttentionGraph> graph_ =
      BuildOrDie({.nodes = 512, .window = 16, .num_rand = 6, .num_glob = 20});
  const std::unique_ptr<const StreamKernels> kernels_ =
      StreamKernelsOrDie(SmallH100(230, kShape.head_dim), *graph_, kShape);
};

TEST_F(Independence, OfTheOrderOfBlocksAndThreads) {
  const Batch batch = MakeBatch({37, 200, 64}, {1, 2, 3});
  const Answers forwards = Compute(batch);
  TheShimStream().last_first = true;
  ExpectSame(Compute(batch), forwards);
}

TEST_F(Independence, OfTheOtherDocuments) {
  const auto tail = [](const std::vector<float>& from, size_t count) {
    return std::vector<float>(from.end() - count, from.end());
  };
  const Answers alone = Compute(MakeBatch({64}, {3}));
  const Answers last = Compute(MakeBatch({37, 200, 64}, {1, 2, 3}));
  EXPECT_EQ(alone.all, tail(last.all, alone.all.size()));
  EXPECT_EQ(alone.first, tail(last.first, alone.first.size()));
  EXPECT_EQ(alone.evidence, tail(last.evidence, alone.evidence.size()));
}

TEST_F(Independence, OfTheBounds) {
  const Batch batch = MakeBatch({37, 200, 64}, {1, 2, 3});
  const Answers expected = Compute(batch);
  ExpectSame(Compute(batch, kLarge), expected);
  ExpectSame(Compute(batch, {.tokens = 4000, .documents = 1000, .longest = 512}), expected);
}

// More documents than a launch has blocks: each block takes several.
TEST_F(Independence, OfHowManyDocumentsABlockTakes) {
  std::vector<int> lengths(140, 1);
  lengths[70] = 20;
  std::vector<uint32_t> seeds(lengths.size(), 1);
  const Answers many = Compute(MakeBatch(lengths, seeds));
  const Answers one = Compute(MakeBatch({20}, {1}));
  const int width = kShape.heads * kShape.head_dim;
  const auto from = many.all.begin() + 70 * width;
  EXPECT_EQ(std::vector<float>(from, from + 20 * width), one.all);
  const std::vector<float> last(many.first.end() - width, many.first.end());
  EXPECT_EQ(last, Compute(MakeBatch({1}, {1})).first);
}

// --- Launches that were captured once serve other batches. ---

TEST_F(Independence, OfTheBatchThatWasCaptured) {
  std::vector<std::function<void()>> launches;
  StreamBatch<BFloat16> memory(*kernels_, kShape, kLarge);
  memory.Set(*kernels_, MakeBatch({5}, {9}));
  TheShimStream().captured = &launches;
  memory.Launch(*kernels_);
  TheShimStream().captured = nullptr;
  for (const std::vector<int>& lengths :
       {std::vector{230, 220}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {37, 200, 64}, {150}}) {
    std::vector<uint32_t> seeds(lengths.size());
    std::iota(seeds.begin(), seeds.end(), lengths[0]);
    const Batch batch = MakeBatch(lengths, seeds);
    memory.Set(*kernels_, batch);
    for (const auto& launch : launches) launch();
    ExpectSame(memory.Read(), Compute(batch));
  }
}

TEST_F(Independence, OfABatchWithoutDocuments) {
  StreamBatch<BFloat16> memory(*kernels_, kShape, kLarge);
  Batch none = MakeBatch({1}, {1});
  none.offsets = {0};
  none.halves.clear();
  memory.Set(*kernels_, none);
  memory.Launch(*kernels_);
  EXPECT_TRUE(memory.Read().all.empty());  // and nothing was written
}

// --- What the shim would see of a mistake. ---

// A barrier is left out, and its race reported; of those that part accesses to global memory, which
// the shim does not watch, the answers tell.
TEST(CudaAttention, GoesWrongWithoutAnyOneOfItsBarriers) {
  const DiffusionShape shape = {.heads = 1, .head_dim = 24, .hops = 2};
  // Long enough for two blocks a cluster in FirstTokens.
  const auto graph = BuildOrDie({.nodes = 640, .window = 16, .num_rand = 1, .num_glob = 6});
  const Projections projections(shape, {600}, {1}, 1.0f);
  const RoundedProjections<BFloat16> batch(projections.view(), shape);
  const auto kernels = StreamKernelsOrDie(SmallH100(600, shape.head_dim), *graph, shape);
  std::set<std::string> barriers;
  TheShimStream() = {.barriers = &barriers};
  const Answers right = ComputeOnStream(*kernels, shape, batch, batch.bounds());
  EXPECT_EQ(barriers.size(), 11);
  for (const std::string& barrier : barriers) {
    bool is_seen = false;
    for (const bool last_first : {false, true}) {
      std::vector<std::string> reports;
      TheShimStream() = {.last_first = last_first, .without_barrier = barrier, .reports = &reports};
      const Answers answers = ComputeOnStream(*kernels, shape, batch, batch.bounds());
      is_seen = is_seen || !reports.empty() || answers.all != right.all;
    }
    EXPECT_TRUE(is_seen) << "nothing wrong without the barrier at " << barrier;
  }
  TheShimStream() = {};
}

}  // namespace
}  // namespace diffuser::kernels::cuda
