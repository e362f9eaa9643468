#include "model/kernels/cuda/document_classes.h"

#include <utility>

#include "gtest/gtest.h"
#include "model/kernels/cuda/shared_sizes.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr DeviceLimits kA100 = {.shared_bytes = 163 * 1024};
constexpr DeviceLimits kH100 = {.shared_bytes = 227 * 1024, .cluster_blocks = 8};

void ExpectClass(const DocumentClass& actual, int width, int parts, int longest) {
  EXPECT_EQ(actual.width, width);
  EXPECT_EQ(actual.parts, parts);
  EXPECT_EQ(actual.longest, longest);
}

TEST(DocumentClasses, HaveTheWidestSlabsThatFit) {
  const DocumentClasses a100(kA100, 12, 64);
  ASSERT_EQ(a100.hops.size(), 4);
  ExpectClass(a100.hops[0], 32, 1, 2608);
  ExpectClass(a100.hops[1], 24, 1, 3477);
  ExpectClass(a100.hops[2], 16, 1, 5216);
  ExpectClass(a100.hops[3], 8, 1, 10432);
}

TEST(DocumentClasses, ShareLongDocumentsAmongAsManyBlocksAsADeviceHas) {
  const DocumentClasses base(kH100, 12, 64);  // 24 slabs of 32, 36 of 24, 48 of 16
  ASSERT_EQ(base.hops.size(), 6);
  ExpectClass(base.hops[0], 32, 1, 605);
  ExpectClass(base.hops[1], 32, 2, 1210);
  ExpectClass(base.hops[2], 32, 5, 3632);
  ExpectClass(base.hops[3], 24, 3, 4842);
  ExpectClass(base.hops[4], 16, 2, 7264);
  const DocumentClasses small(kH100, 6, 32);  // 6 slabs of 32
  ExpectClass(small.hops[1], 32, 2, 807);
  ExpectClass(small.hops[2], 32, 8, 3632);
  const DocumentClasses large(kH100, 40, 128);  // 160 slabs of 32
  ExpectClass(large.hops[0], 32, 1, 3632);
}

TEST(DocumentClasses, HaveSlabsOfEvenWidths) {
  for (const auto& [head_dim, width] : {std::pair{8, 8},
                                        {16, 16},
                                        {24, 24},
                                        {32, 32},
                                        {40, 24},
                                        {48, 24},
                                        {64, 32},
                                        {72, 24},
                                        {80, 32},
                                        {128, 32}}) {
    EXPECT_EQ(DocumentClasses(kH100, 1, head_dim).hops[0].width, width) << head_dim;
  }
}

TEST(DocumentClasses, FitTheirDevice) {
  for (const DeviceLimits& device : {kA100, kH100}) {
    for (const int head_dim : {8, 32, 64, 128}) {
      for (const int heads : {1, 12, 64}) {
        const DocumentClasses classes(device, heads, head_dim);
        EXPECT_LE(classes.hops.size(), kMostClasses);
        EXPECT_LE(classes.first_tokens.size(), kMostClasses);
        EXPECT_GE(classes.longest(), 4096);
        int longest = 0;
        for (const DocumentClass& of : classes.hops) {
          EXPECT_LE(HopSharedBytes(of.width, of.longest), device.shared_bytes);
          EXPECT_LE(of.parts, device.cluster_blocks);
          EXPECT_GT(of.longest, longest);
          longest = of.longest;
        }
        for (const DocumentClass& of : classes.first_tokens) {
          EXPECT_LE(FirstTokenSharedBytes(of.longest, head_dim), device.shared_bytes);
        }
      }
    }
  }
}

TEST(DocumentClasses, AreNoneWhereNothingFits) {
  const DocumentClasses classes({.shared_bytes = 10}, 12, 64);
  EXPECT_EQ(classes.longest(), 0);
  EXPECT_TRUE(LaunchesFor(classes.hops, {.tokens = 10, .documents = 1, .longest = 10}).empty());
}

TEST(Launches, AreThoseThatDocumentsWithinTheBoundsNeed) {
  const DocumentClasses classes(kH100, 12, 64);
  const auto launches =
      LaunchesFor(classes.hops, {.tokens = 16384, .documents = 64, .longest = 4096});
  ASSERT_EQ(launches.size(), 4);  // the longest first
  EXPECT_EQ(launches[0].index, 3);
  EXPECT_EQ(launches[0].width, 24);
  EXPECT_EQ(launches[0].parts, 3);
  EXPECT_EQ(launches[0].longest, 4096);
  EXPECT_EQ(launches[0].documents, 4);  // of more than 3,632 tokens
  EXPECT_EQ(launches[1].index, 2);
  EXPECT_EQ(launches[1].width, 32);
  EXPECT_EQ(launches[1].longest, 3632);
  EXPECT_EQ(launches[1].documents, 13);  // of more than 1,210
  EXPECT_EQ(launches[3].index, 0);
  EXPECT_EQ(launches[3].documents, 64);
  const auto of_one = LaunchesFor(classes.hops, {.tokens = 4096, .documents = 1, .longest = 4096});
  ASSERT_EQ(of_one.size(), 4);
  EXPECT_EQ(of_one[0].documents, 1);
  EXPECT_EQ(LaunchesFor(classes.hops, {.tokens = 512, .documents = 9, .longest = 512}).size(), 1);
  EXPECT_EQ(LaunchesFor(classes.hops, {.tokens = 512, .documents = 9, .longest = 4096}).size(), 1);
  const auto first =
      LaunchesFor(classes.first_tokens, {.tokens = 4096, .documents = 9, .longest = 4096});
  ASSERT_EQ(first.size(), 4);
  EXPECT_EQ(first[0].parts, 8);
  EXPECT_EQ(first[0].documents, 1);
  EXPECT_EQ(first[3].parts, 1);
  EXPECT_EQ(first[3].longest, 512);
  EXPECT_EQ(first[3].documents, 9);
}

}  // namespace
}  // namespace diffuser::kernels::cuda
