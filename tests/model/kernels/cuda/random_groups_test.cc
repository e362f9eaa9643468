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

TEST(RandomGroups, HoldEverySourceOnce) {
  for (const int nodes : {300, 512}) {
    const auto graph = BuildOrDie({.nodes = nodes, .window = 20, .num_rand = 11, .num_glob = 9});
    const RandomGroups groups(*graph);
    for (int node = 0; node < nodes; ++node) {
      std::vector<uint16_t> found;
      const int strip = node / kStripRows;
      for (int group = groups.strip_groups[strip]; group < groups.strip_groups[strip + 1];
           ++group) {
        for (int e = 0; e < kGroup; ++e) {
          const uint16_t source = SourceAt(groups, group, node % kStripRows, e);
          if (source != kNoSource) found.push_back(source);
        }
      }
      std::sort(found.begin(), found.end());
      const auto expected = graph->random_sources(node);
      EXPECT_EQ(found, std::vector<uint16_t>(expected.begin(), expected.end())) << node;
    }
  }
}

TEST(RandomGroups, SayFromWhichSourceOnADocumentNeedsThem) {
  const auto graph = BuildOrDie({.nodes = 512, .window = 20, .num_rand = 40, .num_glob = 9});
  const RandomGroups groups(*graph);
  for (size_t strip = 0; strip + 1 < groups.strip_groups.size(); ++strip) {
    for (int group = groups.strip_groups[strip]; group < groups.strip_groups[strip + 1]; ++group) {
      if (group > groups.strip_groups[strip]) {
        EXPECT_GE(groups.first[group], groups.first[group - 1]);
      }
      for (int x = 0; x < kStripRows * kGroup; ++x) {
        EXPECT_GE(groups.sources[group * kStripRows * kGroup + x], groups.first[group]);
      }
    }
  }
}

// Reads of shared memory that the steps of the base shape's graph take, where 2 a step are the
// least.
TEST(RandomGroups, HaveFewBankConflictsAndFewGaps) {
  const auto graph = BuildOrDie({.nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64});
  const RandomGroups groups(*graph);
  int64_t reads = 0, halves = 0, sources = 0;
  for (int group = 0; group < groups.strip_groups.back(); ++group) {
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
  EXPECT_LT(reads_a_half, 1.4);  // 2.4 in ascending order
  EXPECT_GT(filled, 0.70);
}

}  // namespace
}  // namespace diffuser::kernels::cuda
