#include "model/kernels/cuda/random_groups.h"

#include <algorithm>
#include <array>

#include "gtest/gtest.h"
#include "model/kernels/cuda/layout.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;

uint16_t SourceAt(const RandomGroups& groups, int group, int row, int e) {
  return groups.sources[(group * kStripRows + row) * kGroup + e];
}

std::vector<uint16_t> SourcesOf(const RandomGroups& groups, const RandomGroups::Class& of,
                                int node) {
  std::vector<uint16_t> found;
  const int32_t* strip = groups.strip_groups.data() + of.first_strip + node / kStripRows;
  for (int group = strip[0]; group < strip[1]; ++group) {
    for (int e = 0; e < kGroup; ++e) {
      const uint16_t source = SourceAt(groups, group, node % kStripRows, e);
      if (source != kNoSource) found.push_back(source);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(RandomGroups, HoldEverySourceOfADocumentOnce) {
  for (const int nodes : {10, 300, 512}) {
    const auto graph = BuildOrDie({.nodes = nodes, .window = 10, .num_rand = 5, .num_glob = 0});
    const RandomGroups groups(*graph);
    for (const RandomGroups::Class& of : groups.classes) {
      for (int node = 0; node < of.longest; ++node) {
        const auto all = graph->random_sources(node);
        const auto end = std::lower_bound(all.begin(), all.end(), of.longest);
        EXPECT_EQ(SourcesOf(groups, of, node), std::vector<uint16_t>(all.begin(), end)) << node;
      }
    }
  }
}

TEST(RandomGroups, HaveFourClassesAnOctave) {
  const auto graph = BuildOrDie({.nodes = 300, .window = 20, .num_rand = 3});
  const RandomGroups groups(*graph);
  const std::vector<int> longest = {16, 20, 24,  28,  32,  40,  48,  56,  64,
                                    80, 96, 112, 128, 160, 192, 224, 256, 300};
  ASSERT_EQ(groups.classes.size(), longest.size());
  for (size_t i = 0; i < longest.size(); ++i) EXPECT_EQ(groups.classes[i].longest, longest[i]);
  for (int length = 1; length <= 300; ++length) {
    EXPECT_EQ(groups.ClassOf(length).longest,
              *std::lower_bound(longest.begin(), longest.end(), length));
  }
}

// Reads of shared memory that the steps of the base shape's graph take, where 2 a step are the
// least.
TEST(RandomGroups, HaveFewBankConflictsAndFewGaps) {
  const auto graph = BuildOrDie({.nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64});
  const RandomGroups groups(*graph);
  const int32_t* strips = groups.strip_groups.data() + groups.classes.back().first_strip;
  int64_t reads = 0, halves = 0, sources = 0;
  for (int group = strips[0]; group < strips[4096 / kStripRows]; ++group) {
    for (int e = 0; e < kGroup; ++e) {
      for (int half = 0; half < kStripRows; half += 8) {
        std::array<int, 8> banks = {};
        for (int row = half; row < half + 8; ++row) {
          const uint16_t source = SourceAt(groups, group, row, e);
          if (source == kNoSource) continue;
          ++sources;
          ++banks[source % 8];
        }
        reads += std::max(1, *std::max_element(banks.begin(), banks.end()));
        ++halves;
      }
    }
  }
  const double reads_a_half = static_cast<double>(reads) / halves;
  const double filled = static_cast<double>(sources) / (8 * halves);
  std::cout << reads_a_half << " reads a half step, " << filled << " of the places filled\n";
  EXPECT_LT(reads_a_half, 1.02);  // 2.4 in ascending order
  EXPECT_GT(filled, 0.75);
}

}  // namespace
}  // namespace diffuser::kernels::cuda
