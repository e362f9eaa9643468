#include "model/kernels/cuda/graph_arrays.h"

#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;

TEST(GraphArrays, HaveTheLocalSourcesOfTheGraph) {
  for (const int nodes : {96, 205}) {
    const auto graph = BuildOrDie({.nodes = nodes, .window = 20});
    const GraphArrays arrays(*graph);
    for (const int length : {1, 10, 55, nodes}) {
      for (int row = 0; row < length; ++row) {
        const graph::NodeRange expected = graph->local_sources(row, length);
        const Range actual = LocalSources(arrays.view(), row, length);
        const bool is_empty = actual.begin >= actual.end;
        ASSERT_EQ(is_empty, expected.empty());
        if (is_empty) continue;
        EXPECT_EQ(actual.begin, expected.begin);
        EXPECT_EQ(actual.end, expected.end);
      }
    }
  }
}

TEST(GraphArrays, AreTheSameInOneBlock) {
  const auto graph = BuildOrDie({.nodes = 205, .window = 20, .num_rand = 5, .num_glob = 7});
  const GraphArrays arrays(*graph);
  const std::vector<std::byte> block = arrays.Block();
  const GraphView actual = arrays.ViewOf(block.data());
  const GraphView expected = arrays.view();
  EXPECT_EQ(actual.block, expected.block);
  EXPECT_EQ(actual.local_end, expected.local_end);
  const int strips = static_cast<int>(arrays.random.strip_groups.size());
  const int groups = arrays.random.strip_groups.back();
  const auto same = [](const auto* a, const auto* b, int count) {
    return std::equal(a, a + count, b);
  };
  EXPECT_TRUE(same(actual.is_global, expected.is_global, arrays.nodes));
  EXPECT_TRUE(same(actual.globals, expected.globals, 7));
  EXPECT_TRUE(same(actual.random_sources, expected.random_sources, groups * kStripRows * kGroup));
  EXPECT_TRUE(same(actual.strip_groups, expected.strip_groups, strips));
}

}  // namespace
}  // namespace diffuser::kernels::cuda
