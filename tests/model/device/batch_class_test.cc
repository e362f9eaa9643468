#include "model/device/batch_class.h"

#include <vector>

#include "gtest/gtest.h"

namespace diffuser::device {
namespace {

model::PackedBatch Batch(const std::vector<int>& lengths) {
  model::PackedBatch batch;
  for (const int length : lengths) batch.Append(std::vector<int32_t>(length, 5));
  return batch;
}

void ExpectBounds(const BatchBounds& bounds, int tokens, int documents, int longest) {
  EXPECT_EQ(bounds.tokens, tokens);
  EXPECT_EQ(bounds.documents, documents);
  EXPECT_EQ(bounds.longest, longest);
}

constexpr BatchBounds kMost = {.tokens = 4096, .documents = 512, .longest = 3000};

TEST(BatchClass, IsTheBatchsBoundsRoundedUp) {
  ExpectBounds(ExactBounds(Batch({3, 700, 297})), 1000, 3, 700);
  ExpectBounds(ClassBounds(Batch({3, 700, 297}), kMost), 1024, 4, 1024);
  ExpectBounds(ClassBounds(Batch({700, 325}), kMost), 1152, 2, 1024);
  ExpectBounds(ClassBounds(Batch({1}), kMost), 64, 1, 1);
}

TEST(BatchClass, IsNowhereAboveTheMost) {
  ExpectBounds(ClassBounds(Batch({2999, 1000}), kMost), 4096, 2, 3000);
  const BatchBounds odd = {.tokens = 1001, .documents = 3, .longest = 1001};
  ExpectBounds(ClassBounds(Batch({400, 400, 170}), odd), 1001, 3, 512);
  ExpectBounds(ClassBounds(Batch({1001}), odd), 1001, 1, 1001);
}

TEST(BatchClass, HoldsEveryBatchAndWastesAnEighthAtMost) {
  for (int tokens = 1; tokens <= kMost.tokens; ++tokens) {
    std::vector<int> lengths(2, tokens / 2);
    lengths[0] += tokens % 2;
    if (lengths[1] == 0) lengths.pop_back();
    const BatchBounds bounds = ClassBounds(Batch(lengths), kMost);
    EXPECT_GE(bounds.tokens, tokens);
    EXPECT_LE(bounds.tokens, tokens + std::max(63, tokens / 8));
    EXPECT_GE(bounds.longest, lengths[0]);
  }
}

TEST(ClassCache, KeepsWhatWasMadeForEachClass) {
  ClassCache<int> cache(2);
  const auto never = [] {
    ADD_FAILURE() << "made anew";
    return 0;
  };
  EXPECT_EQ(cache.Use({64, 1, 64}, [] { return 1; }), 1);
  EXPECT_EQ(cache.Use({64, 2, 64}, [] { return 2; }), 2);
  cache.Use({64, 1, 64}, never) = 10;
  EXPECT_EQ(cache.Use({64, 1, 64}, never), 10);
  EXPECT_EQ(cache.Use({64, 2, 64}, never), 2);
  EXPECT_EQ(cache.size(), 2);
}

TEST(ClassCache, LetsTheLeastRecentlyUsedGo) {
  ClassCache<int> cache(2);
  cache.Use({64, 1, 64}, [] { return 1; });
  cache.Use({128, 1, 128}, [] { return 2; });
  cache.Use({64, 1, 64}, [] { return 3; });
  cache.Use({128, 1, 64}, [] { return 4; });  // in the place of the second
  EXPECT_EQ(cache.size(), 2);
  EXPECT_EQ(cache.Use({64, 1, 64}, [] { return 5; }), 1);
  EXPECT_EQ(cache.Use({128, 1, 128}, [] { return 6; }), 6);
}

}  // namespace
}  // namespace diffuser::device
