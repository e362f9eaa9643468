#include "model/graph/attention_graph.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/golden_case.h"

namespace diffuser::graph {
namespace {

using ::diffuser::testing::GoldenCase;
using ::testing::HasSubstr;

std::shared_ptr<const AttentionGraph> BuildOrDie(const GraphOptions& options) {
  auto graph = AttentionGraph::Build(options);
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *graph;
}

// --- The published construction, plainly: a dense matrix, the whole permutation. ---

std::vector<uint32_t> PlainPermutation(std::mt19937& twister, uint32_t n) {
  std::vector<uint32_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (uint32_t i = n - 1; n > 0 && i > 0; --i) {
    uint32_t mask = 1;
    while (mask < i) mask = mask * 2 + 1;
    uint32_t j = twister() & mask;
    while (j > i) j = twister() & mask;
    std::swap(numbers[i], numbers[j]);
  }
  return numbers;
}

// adj[src][dst]
std::vector<std::vector<bool>> PlainAdjacency(const GraphOptions& o) {
  const int n = o.nodes;
  std::vector<std::vector<bool>> adj(n, std::vector<bool>(n));
  for (int i = 0; i < n / (o.window / 2) - 1; ++i) {
    const int start = i * o.window / 2;
    const int end = std::min(start + o.window, n);
    for (int src = start; src < end; ++src) {
      for (int dst = start; dst < end; ++dst) adj[src][dst] = true;
    }
  }
  std::mt19937 twister(0);
  const auto pairs = PlainPermutation(twister, n * n);
  for (int k = 0; k < n * o.num_rand; ++k) adj[pairs[k] % n][pairs[k] / n] = true;
  const auto globals = PlainPermutation(twister, n - o.window);
  for (int k = 0; k < o.num_glob; ++k) {
    const int node = globals[k] + o.window;
    for (int other = 0; other < n; ++other) adj[node][other] = adj[other][node] = true;
  }
  return adj;
}

// --- What must hold of every graph: its three parts are disjoint and make up Sources(). ---

void ExpectPartsMakeUpTheSources(const AttentionGraph& graph, int length) {
  for (int dst = 0; dst < length; ++dst) {
    std::vector<int> parts;
    if (graph.is_global(dst)) {
      parts.resize(length);
      std::iota(parts.begin(), parts.end(), 0);
      EXPECT_TRUE(graph.random_sources(dst, length).empty());
    } else {
      const NodeRange local = graph.local_sources(dst, length);
      EXPECT_TRUE(local.empty() || local.contains(dst));
      for (int src = local.begin; src < local.end; ++src) {
        if (!graph.is_global(src)) parts.push_back(src);
      }
      const auto random = graph.random_sources(dst, length);
      EXPECT_TRUE(std::is_sorted(random.begin(), random.end()));
      parts.insert(parts.end(), random.begin(), random.end());
      const auto globals = graph.globals(length);
      parts.insert(parts.end(), globals.begin(), globals.end());
      std::sort(parts.begin(), parts.end());
      EXPECT_EQ(std::adjacent_find(parts.begin(), parts.end()), parts.end()) << "repeat at " << dst;
    }
    ASSERT_EQ(graph.Sources(dst, length), parts) << "dst " << dst << " of " << length;
  }
}

void ExpectEqualsThePlainOne(const GraphOptions& options) {
  SCOPED_TRACE(::testing::Message()
               << options.nodes << " nodes, window " << options.window << ", " << options.num_rand
               << " random, " << options.num_glob << " global");
  const auto graph = BuildOrDie(options);
  const auto adj = PlainAdjacency(options);
  for (const int length : {1, options.nodes / 2 + 1, options.nodes}) {
    ExpectPartsMakeUpTheSources(*graph, length);
    for (int dst = 0; dst < length; ++dst) {
      std::vector<int> expected;
      for (int src = 0; src < length; ++src) {
        if (adj[src][dst]) expected.push_back(src);
      }
      ASSERT_EQ(graph->Sources(dst, length), expected) << "dst " << dst << " of " << length;
    }
  }
}

// --- Golden vectors: graphs drawn by the published code. ---

class GoldenGraph : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto golden = GoldenCase::Load(std::string(DIFFUSER_GOLDEN "/") + GetParam());
    ASSERT_TRUE(golden.ok()) << golden.status();
    golden_ = *std::move(golden);
    graph_ = BuildOrDie(golden_.graph_options());
  }

  GoldenCase golden_;
  std::shared_ptr<const AttentionGraph> graph_;
};

TEST_P(GoldenGraph, HasTheSameGlobalNodes) {
  auto expected = golden_.Ints("global_tokens");
  std::sort(expected.begin(), expected.end());
  const auto globals = graph_->globals();
  EXPECT_EQ(std::vector<int32_t>(globals.begin(), globals.end()), expected);
}

TEST_P(GoldenGraph, HasTheSameDegreeAtEveryNode) {
  const auto expected = golden_.Ints("in_degree");
  ASSERT_EQ(expected.size(), static_cast<size_t>(graph_->nodes()));
  for (int dst = 0; dst < graph_->nodes(); ++dst) {
    ASSERT_EQ(graph_->Sources(dst, graph_->nodes()).size(), static_cast<size_t>(expected[dst]))
        << dst;
  }
}

using GoldenEdges = GoldenGraph;  // the cases that hold the edges themselves

TEST_P(GoldenEdges, AreTheSameInEveryDocument) {
  int compared = 0;
  for (int i = 0; i < golden_.documents(); ++i) {
    const std::string doc = "doc" + std::to_string(i);
    if (!golden_.Has(doc + ".edges")) continue;
    const int length = golden_.Shape(doc + ".input_ids")[0];
    const auto flat = golden_.Ints(doc + ".edges");
    const size_t edges = flat.size() / 2;
    std::vector<std::vector<int>> expected(length);
    for (size_t e = 0; e < edges; ++e) expected[flat[edges + e]].push_back(flat[e]);
    for (int dst = 0; dst < length; ++dst) {
      std::sort(expected[dst].begin(), expected[dst].end());
      ASSERT_EQ(graph_->Sources(dst, length), expected[dst]) << doc << " dst " << dst;
    }
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST_P(GoldenGraph, SplitsIntoDisjointParts) {
  for (const int length : {1, 100, 4081, 4096}) ExpectPartsMakeUpTheSources(*graph_, length);
}

std::string CaseName(const ::testing::TestParamInfo<const char*>& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenGraph, ::testing::Values("tiny", "tiny-mlm", "long", "odd"),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(Cases, GoldenEdges, ::testing::Values("tiny", "odd"), CaseName);

// --- Generated options. ---

TEST(AttentionGraph, EqualsThePlainConstruction) {
  ExpectEqualsThePlainOne({.nodes = 64, .window = 8, .num_rand = 3, .num_glob = 5});
  ExpectEqualsThePlainOne({.nodes = 200, .window = 64, .num_rand = 10, .num_glob = 20});
  ExpectEqualsThePlainOne({.nodes = 101, .window = 6, .num_rand = 7, .num_glob = 1});
}

TEST(AttentionGraph, EqualsThePlainConstructionAtItsLimits) {
  ExpectEqualsThePlainOne({.nodes = 64, .window = 8, .num_rand = 0, .num_glob = 4});
  ExpectEqualsThePlainOne({.nodes = 64, .window = 8, .num_rand = 4, .num_glob = 0});
  ExpectEqualsThePlainOne({.nodes = 64, .window = 8, .num_rand = 0, .num_glob = 0});
  ExpectEqualsThePlainOne({.nodes = 64, .window = 2, .num_rand = 2, .num_glob = 62});
  ExpectEqualsThePlainOne({.nodes = 40, .window = 40, .num_rand = 1, .num_glob = 0});
  ExpectEqualsThePlainOne({.nodes = 30, .window = 4, .num_rand = 30, .num_glob = 3});
  ExpectEqualsThePlainOne({.nodes = 41, .window = 2, .num_rand = 1, .num_glob = 2});
  for (int nodes = 2; nodes < 12; ++nodes) {
    ExpectEqualsThePlainOne({.nodes = nodes, .window = nodes / 2 * 2, .num_rand = 1});
    ExpectEqualsThePlainOne(
        {.nodes = nodes, .window = 2, .num_rand = 1, .num_glob = (nodes - 2) / 2});
  }
}

TEST(AttentionGraph, LeavesTheLastNodesWithoutLocalEdges) {
  const auto graph = BuildOrDie({.nodes = 50, .window = 16});  // blocks of 8: 48, 49 are left over
  EXPECT_EQ(graph->local_sources(47, 50).begin, 32);
  EXPECT_EQ(graph->local_sources(47, 50).end, 48);
  EXPECT_TRUE(graph->local_sources(48, 50).empty());
  EXPECT_TRUE(graph->Sources(49, 50).empty());
}

TEST(AttentionGraph, CutsTheLocalSourcesAtTheDocument) {
  const auto graph = BuildOrDie({.nodes = 64, .window = 16});
  EXPECT_EQ(graph->local_sources(0, 1).end, 1);
  EXPECT_EQ(graph->local_sources(9, 11).begin, 0);
  EXPECT_EQ(graph->local_sources(9, 11).end, 11);
  EXPECT_EQ(graph->local_sources(20, 64).begin, 8);
  EXPECT_EQ(graph->local_sources(20, 64).end, 32);
}

TEST(AttentionGraph, ListsTheGlobalsOfADocument) {
  const auto graph = BuildOrDie({.nodes = 64, .window = 4, .num_glob = 30});
  EXPECT_TRUE(graph->globals(4).empty());  // none is drawn below the window
  for (int length = 1; length <= 64; ++length) {
    const auto globals = graph->globals(length);
    EXPECT_EQ(globals.size(),
              static_cast<size_t>(std::count_if(graph->globals().begin(), graph->globals().end(),
                                                [&](int node) { return node < length; })));
  }
}

TEST(AttentionGraph, IsTheSameForTheSameOptions) {
  const GraphOptions options = {.nodes = 128, .window = 8, .num_rand = 5, .num_glob = 5};
  const auto first = BuildOrDie(options);
  const auto second = BuildOrDie(options);
  for (int dst = 0; dst < 128; ++dst)
    EXPECT_EQ(first->Sources(dst, 128), second->Sources(dst, 128));
}

TEST(AttentionGraph, RefusesOptionsOutOfTheirRangeByName) {
  const auto expect_refused = [](const GraphOptions& options, const char* message) {
    const auto graph = AttentionGraph::Build(options);
    EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(graph.status().message()), HasSubstr(message));
  };
  expect_refused({.nodes = 1, .window = 2}, "nodes is 1, expected 2 to 65536");
  expect_refused({.nodes = 65537, .window = 2}, "nodes is 65537");
  expect_refused({.nodes = 64, .window = 0}, "window is 0");
  expect_refused({.nodes = 64, .window = 66}, "window is 66, expected 2 to 64");
  expect_refused({.nodes = 64, .window = 7}, "window is 7, expected an even number");
  expect_refused({.nodes = 64, .window = 8, .num_rand = -1}, "num_rand is -1");
  expect_refused({.nodes = 64, .window = 8, .num_rand = 65}, "num_rand is 65, expected 0 to 64");
  expect_refused({.nodes = 65536, .window = 8, .num_rand = 40000}, "expected 0 to 32767");
  expect_refused({.nodes = 64, .window = 8, .num_glob = -1}, "num_glob is -1");
  expect_refused({.nodes = 64, .window = 8, .num_glob = 57}, "num_glob is 57, expected 0 to 56");
}

}  // namespace
}  // namespace diffuser::graph
