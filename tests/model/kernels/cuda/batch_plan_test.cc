#include "model/kernels/cuda/batch_plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;
using ::testing::HasSubstr;

constexpr DeviceLimits kA100 = {.shared_bytes = 163 * 1024};
constexpr DeviceLimits kH100 = {.shared_bytes = 227 * 1024, .cluster_blocks = 8};
constexpr DiffusionShape kShape = {.heads = 3, .head_dim = 16};

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

TEST(BatchPlan, LaysDocumentsOutOneAfterAnother) {
  const auto graph = BuildOrDie({.nodes = 512, .window = 32, .num_rand = 6, .num_glob = 40});
  const GraphArrays arrays(*graph);
  const auto plan = BatchPlan::Make(arrays, kShape, {0, 100, 101, 613}, kH100);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->documents.size(), 3);
  EXPECT_EQ(plan->strip_starts, (std::vector<int32_t>{0, 7, 8, 40}));
  int64_t tile = 0, group = 0, chunk = 0;
  for (const Document& d : plan->documents) {
    EXPECT_EQ(d.first_tile, tile);
    EXPECT_EQ(d.first_group, group);
    EXPECT_EQ(d.first_chunk, chunk);
    // The last of head 0 stands right before the first of head 1.
    EXPECT_EQ(GlobalStripTile(d, 0, GlobalStrips(d)), StripTile(d, 1, 0));
    EXPECT_EQ(Chunk(d, 0, GlobalStrips(d), 0), Chunk(d, 1, 0, 0));
    tile += 3 * d.tiles_per_head;
    group += 3 * d.groups_per_head;
    chunk += 3 * d.chunks_per_head;
  }
  EXPECT_EQ(plan->tiles, tile);
  EXPECT_EQ(plan->groups, group);
  EXPECT_EQ(plan->chunks, chunk);
}

TEST(BatchPlan, SplitsByADocumentsOwnLengthAndTheDevice) {
  const auto graph = BuildOrDie({.nodes = 4096, .window = 64, .num_rand = 2, .num_glob = 64});
  const GraphArrays arrays(*graph);
  const std::vector<int32_t> offsets = {0, 4096, 4100, 5124, 5130};
  const auto on_h100 = BatchPlan::Make(arrays, kShape, offsets, kH100);
  ASSERT_TRUE(on_h100.ok());
  ASSERT_EQ(on_h100->hops.size(), 4);  // 4096; 1024; 6; 4
  EXPECT_EQ(on_h100->hops[0].longest, 4096);
  EXPECT_EQ(on_h100->hops[0].width, 16);
  EXPECT_EQ(on_h100->hops[0].parts, 2);
  EXPECT_EQ(on_h100->hops[1].longest, 1024);
  EXPECT_EQ(on_h100->hops[1].parts, 1);
  EXPECT_EQ(on_h100->hop_order, (std::vector<int32_t>{0, 2, 3, 1}));
  EXPECT_EQ(on_h100->first_tokens[0].parts, 8);
  const auto on_a100 = BatchPlan::Make(arrays, kShape, offsets, kA100);
  ASSERT_TRUE(on_a100.ok());
  EXPECT_EQ(on_a100->hops[0].width, 8);
  EXPECT_EQ(on_a100->hops[0].parts, 1);
  EXPECT_EQ(on_a100->hops[1].width, 16);
  EXPECT_EQ(on_a100->first_tokens[0].parts, 1);
}

TEST(BatchPlan, TakesDocumentsOf4096TokensOnEveryDeviceCompiledFor) {
  EXPECT_GE(LongestDocument(kA100), 4096);
  EXPECT_GE(LongestDocument(kH100), 4096);
}

TEST(BatchPlan, RefusesWhatTheKernelsCannotDo) {
  const auto graph = BuildOrDie({.nodes = 512, .window = 32});
  const GraphArrays arrays(*graph);
  const auto odd = BatchPlan::Make(arrays, {.heads = 1, .head_dim = 12}, {0, 10}, kA100);
  EXPECT_EQ(odd.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(odd.status().message(), HasSubstr("head size 12, expected a multiple of 8"));
  const auto still =
      BatchPlan::Make(arrays, {.heads = 1, .head_dim = 8, .hops = 0}, {0, 10}, kA100);
  EXPECT_THAT(still.status().message(), HasSubstr("0 hops"));
  const DeviceLimits small = {.shared_bytes = 8 * 1024};
  const auto big = BatchPlan::Make(arrays, kShape, {0, 512}, small);
  EXPECT_EQ(big.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(big.status().message(), HasSubstr("a document of 512 tokens, at most 256"));
}

}  // namespace
}  // namespace diffuser::kernels::cuda
