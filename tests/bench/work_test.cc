#include "tests/bench/work.h"

#include <memory>

#include "gtest/gtest.h"

namespace diffuser::bench {
namespace {

model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.hidden_size = 4;
  config.intermediate_size = 6;
  config.num_layers = 3;
  config.num_heads = 2;
  config.diffusion_hops = 5;
  return config;
}

std::shared_ptr<const graph::AttentionGraph> LocalGraph() {
  const auto graph =
      graph::AttentionGraph::Build({.nodes = 64, .window = 4, .num_rand = 0, .num_glob = 0});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *graph;
}

// 4 x 12 for q, k and v, 4 x 4 for the output, 4 x 6 and 6 x 4: 112 products a token.
TEST(LinearOperations, CountsTwoAProduct) {
  EXPECT_DOUBLE_EQ(LinearOperations(SmallConfig(), 1), 224);
  EXPECT_DOUBLE_EQ(LinearOperations(SmallConfig(), 10), 2240);
}

TEST(FloorOperations, CountsEveryLayerOverAllTokens) {
  EXPECT_DOUBLE_EQ(FloorOperations(SmallConfig(), 10), 6720);
}

// One token with one edge, to itself: 4 products for the score and for each hop, but a hop of the
// last layer is one product a head, and each of its 2 heads sums rows of 4.
TEST(EngineOperations, CountsTheEdgesOfTheAttention) {
  EXPECT_DOUBLE_EQ(EngineOperations(SmallConfig(), *LocalGraph(), {1}),
                   3 * 224 + 2 * (2 * (4 + 5 * 4) + (4 + 5 * 2)) + 2 * 2 * 4);
}

// Two tokens in a block are joined with each other and themselves: four edges.
TEST(EngineOperations, RunsTheLastLayersRestForATokenADocument) {
  const double last = 2 * 2 * 32 + 2 * 2 * 2 * 4 + 2 * (16 + 16 + 24 + 24);
  const double attention = 2 * 4 * (2 * (4 + 5 * 4) + (4 + 5 * 2));
  EXPECT_DOUBLE_EQ(EngineOperations(SmallConfig(), *LocalGraph(), {2}), 2 * 448 + last + attention);
}

TEST(EngineOperations, AddsUpOverDocuments) {
  const auto graph = LocalGraph();
  EXPECT_DOUBLE_EQ(EngineOperations(SmallConfig(), *graph, {3, 8, 3}),
                   EngineOperations(SmallConfig(), *graph, {3}) * 2 +
                       EngineOperations(SmallConfig(), *graph, {8}));
}

TEST(DeviceWork, CountsWhatTheEngineDoesByPart) {
  const auto graph = LocalGraph();
  const std::vector<int> lengths = {3, 8, 3};
  double operations = 0;
  for (const auto& [part, work] : DeviceWork(SmallConfig(), *graph, lengths, 2)) {
    operations += work.operations;
    EXPECT_GT(work.bytes, 0) << part;
  }
  // Unlike the CPU, a device projects to v in the last layer too, of all 14 tokens.
  const double v_instead_of_sums = 2 * (14 - 3) * 16 - 2 * 14 * 2 * 4;
  EXPECT_DOUBLE_EQ(operations,
                   EngineOperations(SmallConfig(), *graph, lengths) + v_instead_of_sums);
}

// One token with one edge: three layers, of which the last has as many rows as the others.
TEST(DeviceWork, CountsBytes) {
  const auto work = DeviceWork(SmallConfig(), *LocalGraph(), {1}, 2);
  EXPECT_DOUBLE_EQ(work.at("embeddings").bytes, 2 * 3 * 4);
  EXPECT_DOUBLE_EQ(work.at("norms").bytes, 2 * 3 * 6 * 4);
  EXPECT_DOUBLE_EQ(work.at("projections").bytes, 2 * 3 * (4 * 16 + 4 * 4 + 2 * 4));
  EXPECT_DOUBLE_EQ(work.at("feed_forward").bytes, 2 * 3 * (2 * 24 + 2 * 4 + 4 * 6));
  EXPECT_DOUBLE_EQ(work.at("attention").bytes, 3 * (2 * (3 * 4 + 4) + 2 * 2 * (1 + 5)));
}

}  // namespace
}  // namespace diffuser::bench
