#include "model/graph/attention_graph.h"

#include <algorithm>
#include <numeric>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/graph/numpy_legacy.h"

// The published code draws the random edges first, then the global nodes, from one generator.
// Whatever is drawn, a local or global edge that is also a random one counts once, as local or
// global.

namespace diffuser::graph {
namespace {

constexpr uint32_t kSeed = 0;
constexpr int kMaxNodes = 65536;  // node numbers are 16-bit

absl::Status CheckRange(const char* name, int64_t value, int64_t low, int64_t high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("attention graph: ", name, " is ", value, ", expected ", low, " to ", high));
}

absl::Status Validate(const GraphOptions& options) {
  if (auto s = CheckRange("nodes", options.nodes, 2, kMaxNodes); !s.ok()) return s;
  if (auto s = CheckRange("window", options.window, 2, options.nodes); !s.ok()) return s;
  if (options.window % 2 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("attention graph: window is ", options.window, ", expected an even number"));
  }
  const int64_t most_random = std::min(options.nodes, INT32_MAX / options.nodes);
  if (auto s = CheckRange("num_rand", options.num_rand, 0, most_random); !s.ok()) return s;
  return CheckRange("num_glob", options.num_glob, 0, options.nodes - options.window);
}

// Number of leading entries of the ascending `nodes` that are below `length`.
size_t CountBelow(absl::Span<const uint16_t> nodes, int length) {
  return std::lower_bound(nodes.begin(), nodes.end(), length) - nodes.begin();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const AttentionGraph>> AttentionGraph::Build(
    const GraphOptions& options) {
  if (auto s = Validate(options); !s.ok()) return s;
  auto graph = absl::WrapUnique(new AttentionGraph(options));
  const uint64_t nodes = options.nodes;
  LegacyGenerator generator(kSeed);
  const auto pairs = generator.PermutationPrefix(nodes * nodes, nodes * options.num_rand);
  graph->SetGlobals(generator.PermutationPrefix(nodes - options.window, options.num_glob));
  graph->SetRandom(pairs);
  return std::shared_ptr<const AttentionGraph>(std::move(graph));
}

AttentionGraph::AttentionGraph(const GraphOptions& options)
    : options_(options),
      local_end_(options.nodes / block() * block()),
      is_global_(options.nodes),
      random_offsets_(options.nodes + 1) {}

void AttentionGraph::SetGlobals(const std::vector<uint32_t>& drawn) {
  for (const uint32_t node : drawn) is_global_[node + options_.window] = 1;
  for (int node = 0; node < nodes(); ++node) {
    if (is_global(node)) globals_.push_back(static_cast<uint16_t>(node));
  }
}

void AttentionGraph::SetRandom(const std::vector<uint32_t>& pairs) {
  const uint32_t n = nodes();
  const auto is_random = [&](uint32_t pair) {
    const int src = pair % n;
    const int dst = pair / n;
    return !is_global(src) && !is_global(dst) && !local_sources(dst, nodes()).contains(src);
  };
  for (const uint32_t pair : pairs) random_offsets_[pair / n + 1] += is_random(pair);
  std::partial_sum(random_offsets_.begin(), random_offsets_.end(), random_offsets_.begin());
  random_sources_.resize(random_offsets_.back());
  std::vector<int32_t> next(random_offsets_.begin(), random_offsets_.end() - 1);
  for (const uint32_t pair : pairs) {
    if (is_random(pair)) random_sources_[next[pair / n]++] = static_cast<uint16_t>(pair % n);
  }
  for (uint32_t dst = 0; dst < n; ++dst) {
    std::sort(random_sources_.begin() + random_offsets_[dst],
              random_sources_.begin() + random_offsets_[dst + 1]);
  }
}

absl::Span<const uint16_t> AttentionGraph::globals(int length) const {
  return globals().first(CountBelow(globals_, length));
}

absl::Span<const uint16_t> AttentionGraph::random_sources(int dst, int length) const {
  const auto sources = random_sources(dst);
  return length == nodes() ? sources : sources.first(CountBelow(sources, length));
}

std::vector<int> AttentionGraph::Sources(int dst, int length) const {
  std::vector<int> sources;
  if (is_global(dst)) {
    sources.resize(length);
    std::iota(sources.begin(), sources.end(), 0);
    return sources;
  }
  const NodeRange local = local_sources(dst, length);
  for (int src = local.begin; src < local.end; ++src) {
    if (!is_global(src)) sources.push_back(src);
  }
  const auto random = random_sources(dst, length);
  sources.insert(sources.end(), random.begin(), random.end());
  const auto global = globals(length);
  sources.insert(sources.end(), global.begin(), global.end());
  std::sort(sources.begin(), sources.end());
  return sources;
}

}  // namespace diffuser::graph
