#ifndef DIFFUSER_MODEL_GRAPH_ATTENTION_GRAPH_H_
#define DIFFUSER_MODEL_GRAPH_ATTENTION_GRAPH_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace diffuser::graph {

// What the graph is a function of; the same options always give the same graph.
struct GraphOptions {
  int nodes = 4096;  // N, 2 to 65536
  int window = 0;    // w, even, 2 to N
  int num_rand = 0;  // random edges drawn per node, 0 to N; N * num_rand below 2^31
  int num_glob = 0;  // global nodes, 0 to N - w
};

// Half-open range of nodes.
struct NodeRange {
  int begin = 0;
  int end = 0;
  bool empty() const { return begin >= end; }
  bool contains(int node) const { return begin <= node && node < end; }
};

// The directed attention graph of Diffuser (AAAI 2023, section 3.1; drawn exactly as the published
// code draws it from NumPy's legacy generator with seed 0), split by structure into three disjoint
// edge sets, because each has its own fast product:
//   - global: every pair with a global node at either end; dense columns (source) and rows
//     (destination);
//   - local: pairs at most one block of `block()` = w/2 nodes apart, neither end global; a
//     dense band;
//   - random: the drawn pairs that are neither; a sparse list.
// A document of L tokens uses the subgraph of nodes [0, L). Both directions of (src, dst) are
// distinct.
//
// Immutable and thread-safe once built; can be shared by all documents, heads, layers and models of
// the same options.
class AttentionGraph {
 public:
  // Builds the graph in time linear in N * N (0.2 s at 4,096 nodes); while it does, it holds about
  // N * N / 3 bytes more than the graph.
  // Errors: INVALID_ARGUMENT naming the option that is out of its range.
  static absl::StatusOr<std::shared_ptr<const AttentionGraph>> Build(const GraphOptions& options);

  const GraphOptions& options() const { return options_; }
  int nodes() const { return options_.nodes; }
  int block() const { return options_.window / 2; }

  // Sources joined locally to `dst` in a document of `length` tokens, as one contiguous range,
  // which contains `dst` itself and may contain global nodes: those edges count as global, not
  // local. Empty for the last nodes where N is no multiple of block().
  // REQUIRES: 0 <= dst < length <= nodes().
  NodeRange local_sources(int dst, int length) const {
    if (dst >= local_end_) return {};
    const int first_block = dst / block() - 1;
    const int begin = first_block > 0 ? first_block * block() : 0;
    const int end = (first_block + 3) * block();
    const int limit = length < local_end_ ? length : local_end_;
    return {begin, end < limit ? end : limit};
  }

  bool is_global(int node) const { return is_global_[node] != 0; }
  // Global nodes, ascending; those of a document of `length` tokens come first.
  absl::Span<const uint16_t> globals() const { return globals_; }
  absl::Span<const uint16_t> globals(int length) const;

  // Random sources of `dst`, ascending; those of a document of `length` tokens come first.
  // Empty for a global dst. REQUIRES: 0 <= dst < nodes().
  absl::Span<const uint16_t> random_sources(int dst) const {
    return absl::MakeConstSpan(random_sources_)
        .subspan(random_offsets_[dst], random_offsets_[dst + 1] - random_offsets_[dst]);
  }
  absl::Span<const uint16_t> random_sources(int dst, int length) const;

  // All sources of `dst` in a document of `length` tokens, ascending and without repeats: the
  // definition that the three parts together must equal. Slow; for the reference and for tests.
  std::vector<int> Sources(int dst, int length) const;

 private:
  explicit AttentionGraph(const GraphOptions& options);

  void SetGlobals(const std::vector<uint32_t>& drawn);  // each less the window
  void SetRandom(const std::vector<uint32_t>& pairs);   // dst * N + src; REQUIRES: globals are set

  GraphOptions options_;
  int local_end_ = 0;                     // nodes from here on have no local edge
  std::vector<uint8_t> is_global_;        // [N]
  std::vector<uint16_t> globals_;         // [num_glob], ascending
  std::vector<int32_t> random_offsets_;   // [N + 1] into random_sources_
  std::vector<uint16_t> random_sources_;  // by destination, ascending within one
};

}  // namespace diffuser::graph

#endif  // DIFFUSER_MODEL_GRAPH_ATTENTION_GRAPH_H_
