#include "model/kernels/cuda/batch_plan.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr DeviceLimits kH100 = {.shared_bytes = 227 * 1024, .cluster_blocks = 8};

class BatchPlan : public ::testing::Test {
 protected:
  static constexpr int kHeads = 3;
  static constexpr BatchBounds kBounds = {.tokens = 6000, .documents = 5, .longest = 4096};

  absl::Status Write(const std::vector<int32_t>& offsets) {
    plan_.resize(PlanBytes(kBounds));
    return WritePlan({graph_, classes_, kHeads}, kBounds, offsets, plan_.data());
  }
  BatchView view() const { return PlanView(kBounds, plan_.data()); }

  const GraphArrays graph_{
      *BuildOrDie({.nodes = 4096, .window = 64, .num_rand = 2, .num_glob = 64})};
  DocumentClasses classes_{kH100, 12, 64};
  std::vector<std::byte> plan_;
};

TEST_F(BatchPlan, LaysDocumentsOutOneAfterAnother) {
  const auto status = Write({0, 100, 101, 613});
  ASSERT_TRUE(status.ok()) << status;
  const BatchView batch = view();
  EXPECT_EQ(batch.counts->documents, 3);
  EXPECT_EQ(batch.counts->tokens, 613);
  EXPECT_EQ(batch.counts->strips, 40);
  EXPECT_THAT(std::vector<int32_t>(batch.strip_starts, batch.strip_starts + 4),
              ElementsAreArray({0, 7, 8, 40}));
  EXPECT_EQ(batch.counts->chunks, batch.chunk_starts[3]);
  int64_t tile = 0, group = 0, chunk = 0;
  for (int i = 0; i < 3; ++i) {
    const Document& d = batch.all[i];
    EXPECT_EQ(d.first_tile, tile);
    EXPECT_EQ(d.first_group, group);
    EXPECT_EQ(d.first_chunk, chunk);
    // The last of head 0 stands right before the first of head 1.
    EXPECT_EQ(GlobalStripTile(d, 0, GlobalStrips(d)), StripTile(d, 1, 0));
    EXPECT_EQ(Chunk(d, 0, GlobalStrips(d), 0), Chunk(d, 1, 0, 0));
    tile += kHeads * d.tiles_per_head;
    group += kHeads * d.groups_per_head;
    chunk += kHeads * d.chunks_per_head;
  }
}

TEST_F(BatchPlan, OrdersDocumentsByClassTheLongestFirst) {
  const auto status = Write({0, 4, 2500, 3000, 3006, 5900});
  ASSERT_TRUE(status.ok()) << status;
  const BatchView batch = view();
  EXPECT_THAT(std::vector<int32_t>(batch.order, batch.order + 5),
              ElementsAreArray({4, 1, 2, 3, 0}));
  const auto expect = [](const DocumentRange& range, int first, int count) {
    EXPECT_EQ(range.first, first);
    EXPECT_EQ(range.count, count);
  };
  expect(batch.counts->hops[0], 2, 3);  // up to 605 tokens
  expect(batch.counts->hops[1], 2, 0);  // up to 1,210
  expect(batch.counts->hops[2], 0, 2);  // up to 3,632
  expect(batch.counts->hops[3], 0, 0);
  expect(batch.counts->first_tokens[0], 2, 3);  // up to 512
  expect(batch.counts->first_tokens[1], 2, 0);  // up to 1,024
  expect(batch.counts->first_tokens[2], 2, 0);  // up to 2,048
  expect(batch.counts->first_tokens[3], 0, 2);
}

TEST_F(BatchPlan, MayHaveNoDocuments) {
  ASSERT_TRUE(Write({0, 700}).ok());
  ASSERT_TRUE(Write({0}).ok());  // in the place of another one
  const BatchCounts& counts = *view().counts;
  EXPECT_EQ(counts.documents, 0);
  EXPECT_EQ(counts.strips, 0);
  EXPECT_EQ(counts.chunks, 0);
  for (const DocumentRange& range : counts.hops) EXPECT_EQ(range.count, 0);
  for (const DocumentRange& range : counts.first_tokens) EXPECT_EQ(range.count, 0);
}

TEST_F(BatchPlan, RefusesWhatIsNotWithinItsBounds) {
  const auto expect_refused = [&](const std::vector<int32_t>& offsets, const char* why) {
    const absl::Status status = Write(offsets);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(why));
  };
  expect_refused({}, "offsets that do not begin with 0");
  expect_refused({1, 2}, "offsets that do not begin with 0");
  expect_refused({0, 1, 2, 3, 4, 5, 6}, "6 documents, at most 5 were planned for");
  expect_refused({0, 3000, 6001}, "6001 tokens, at most 6000 were planned for");
  expect_refused({0, 4097}, "a document of 4097 tokens, at most 4096 were planned for");
  expect_refused({0, 5, 5}, "a document of 0 tokens");
  expect_refused({0, 5, 4}, "a document of -1 tokens");
  classes_ = DocumentClasses({.shared_bytes = 8 * 1024}, 12, 64);
  expect_refused({0, 513}, "a document of 513 tokens, at most 320 fit this device");
}

}  // namespace
}  // namespace diffuser::kernels::cuda
