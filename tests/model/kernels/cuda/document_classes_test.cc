#include "model/kernels/cuda/document_classes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/kernels/cuda/shared_sizes.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr DeviceLimits kA100 = {.shared_bytes = 163 * 1024};
constexpr DeviceLimits kH100 = {.shared_bytes = 227 * 1024, .cluster_blocks = 8};

TEST(DocumentClasses, AreForEveryLengthTheWidestSlabInTheFewestBlocks) {
  const DocumentClasses h100(kH100, 64);
  ASSERT_EQ(h100.hops.size(), 8);
  EXPECT_EQ(h100.hops[0].width, 16);
  EXPECT_EQ(h100.hops[0].parts, 1);
  EXPECT_EQ(h100.hops[0].longest, 3632);
  EXPECT_EQ(h100.hops[1].width, 16);
  EXPECT_EQ(h100.hops[1].parts, 2);
  EXPECT_GE(h100.hops[1].longest, 4096);
  const DocumentClasses a100(kA100, 64);
  ASSERT_EQ(a100.hops.size(), 2);
  EXPECT_EQ(a100.hops[0].width, 16);
  EXPECT_EQ(a100.hops[1].width, 8);
  EXPECT_EQ(a100.hops[1].parts, 1);
}

TEST(DocumentClasses, FitTheirDevice) {
  for (const DeviceLimits& device : {kA100, kH100}) {
    const DocumentClasses classes(device, 64);
    EXPECT_LE(classes.hops.size(), kMostClasses);
    EXPECT_LE(classes.first_tokens.size(), kMostClasses);
    EXPECT_GE(classes.longest(), 4096);
    for (const DocumentClass& of : classes.hops) {
      EXPECT_LE(HopSharedBytes(of.width, of.longest, of.parts), device.shared_bytes);
      EXPECT_GT(HopSharedBytes(of.width, of.longest + 1, of.parts), device.shared_bytes);
    }
    for (const DocumentClass& of : classes.first_tokens) {
      EXPECT_LE(FirstTokenSharedBytes(of.longest, 64), device.shared_bytes);
    }
  }
}

TEST(DocumentClasses, AreNoneWhereNothingFits) {
  const DocumentClasses classes({.shared_bytes = 100}, 64);
  EXPECT_EQ(classes.longest(), 0);
  EXPECT_TRUE(LaunchesFor(classes.hops, {.tokens = 10, .documents = 1, .longest = 10}).empty());
}

TEST(Launches, AreThoseThatDocumentsWithinTheBoundsNeed) {
  const DocumentClasses classes(kH100, 64);
  const auto launches =
      LaunchesFor(classes.hops, {.tokens = 16384, .documents = 64, .longest = 4096});
  ASSERT_EQ(launches.size(), 2);  // the longest first
  EXPECT_EQ(launches[0].index, 1);
  EXPECT_EQ(launches[0].parts, 2);
  EXPECT_EQ(launches[0].longest, 4096);
  EXPECT_EQ(launches[0].documents, 4);  // of more than 3,632 tokens
  EXPECT_EQ(launches[1].index, 0);
  EXPECT_EQ(launches[1].longest, 3632);
  EXPECT_EQ(launches[1].documents, 64);
  const auto of_one = LaunchesFor(classes.hops, {.tokens = 4096, .documents = 1, .longest = 4096});
  ASSERT_EQ(of_one.size(), 2);
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
