#include "model/kernels/cuda/batch_sizes.h"

#include <algorithm>
#include <random>

#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;

TEST(Envelope, IsTheLeastConcaveFunctionAbove) {
  Envelope stairs;  // 1, 1, 1, 2, 2, 2, ...
  for (int length = 1; length <= 12; ++length) stairs.Append((length + 2) / 3);
  EXPECT_EQ(stairs.MostOfSum(1, 1), 1);
  EXPECT_EQ(stairs.MostOfSum(1, 4), 2);
  EXPECT_EQ(stairs.MostOfSum(1, 100), 4);  // no length is above 12
  EXPECT_EQ(stairs.MostOfSum(6, 6), 6);
  EXPECT_EQ(stairs.MostOfSum(6, 9), 7);
  EXPECT_EQ(stairs.MostOfSum(0, 9), 0);
  Envelope squares;
  for (int length = 1; length <= 10; ++length) squares.Append(length * length);
  EXPECT_EQ(squares.MostOfSum(5, 20), 200);  // two of the longest
}

// A batch within the bounds: full, or not.
std::vector<int> RandomLengths(const BatchBounds& bounds, std::mt19937& random) {
  std::vector<int> lengths;
  const int most = 1 + static_cast<int>(random() % bounds.longest);
  for (int left = bounds.tokens; left > 0 && std::ssize(lengths) < bounds.documents;) {
    lengths.push_back(1 + static_cast<int>(random() % std::min(most, left)));
    left -= lengths.back();
  }
  return lengths;
}

MatrixSizes Total(const GraphArrays& graph, const std::vector<int>& lengths) {
  MatrixSizes total;
  for (const int length : lengths) {
    const MatrixSizes sizes = SizesOf(MakeDocument(graph, length));
    total.strips += sizes.strips;
    total.tiles += sizes.tiles;
    total.groups += sizes.groups;
    total.chunks += sizes.chunks;
  }
  return total;
}

TEST(MostSizes, AreNoLessThanAnyBatchTakes) {
  std::mt19937 random(3);
  for (const auto& options :
       {graph::GraphOptions{.nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64},
        {.nodes = 333, .window = 14, .num_rand = 5, .num_glob = 11},
        {.nodes = 100, .window = 2, .num_rand = 2, .num_glob = 98},
        {.nodes = 128, .window = 32}}) {
    const GraphArrays graph(*BuildOrDie(options));
    const MostSizes most(graph);
    for (int trial = 0; trial < 500; ++trial) {
      BatchBounds bounds = {.tokens = 1 + static_cast<int>(random() % 20000),
                            .documents = 1 + static_cast<int>(random() % 100),
                            .longest = 1 + static_cast<int>(random() % options.nodes)};
      const MatrixSizes bound = most.Of(bounds);
      const MatrixSizes taken = Total(graph, RandomLengths(bounds, random));
      ASSERT_LE(taken.strips, bound.strips);
      ASSERT_LE(taken.tiles, bound.tiles);
      ASSERT_LE(taken.groups, bound.groups);
      ASSERT_LE(taken.chunks, bound.chunks);
    }
  }
}

TEST(MostSizes, AreHardlyMoreThanAFullBatchTakes) {
  const GraphArrays graph(
      *BuildOrDie({.nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64}));
  const MostSizes most(graph);
  for (const int longest : {64, 512, 4096}) {
    const int documents = 16384 / longest;
    const MatrixSizes bound =
        most.Of({.tokens = 16384, .documents = documents, .longest = longest});
    const MatrixSizes taken = Total(graph, std::vector<int>(documents, longest));
    EXPECT_EQ(bound.strips, taken.strips);
    EXPECT_LE(bound.tiles, 1.01 * taken.tiles);
    EXPECT_LE(bound.groups, 1.01 * taken.groups);
    EXPECT_LE(bound.chunks, 1.01 * taken.chunks);
  }
  // Room for many documents, too, costs little.
  const MatrixSizes full = Total(graph, std::vector<int>(4, 4096));
  const MatrixSizes bound = most.Of({.tokens = 16384, .documents = 64, .longest = 4096});
  EXPECT_LE(bound.tiles, 1.1 * full.tiles);
  EXPECT_LE(bound.groups, 1.1 * full.groups);
}

}  // namespace
}  // namespace diffuser::kernels::cuda
