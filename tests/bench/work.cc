#include "tests/bench/work.h"

#include <cstdint>
#include <numeric>

namespace diffuser::bench {
namespace {

// Of as many projections of the width of the hidden states.
double ProjectionOperations(const model::ModelConfig& config, double tokens, int projections) {
  return 2.0 * tokens * config.hidden_size * projections * config.hidden_size;
}

double QkvOperations(const model::ModelConfig& config, double tokens) {
  return ProjectionOperations(config, tokens, 3);
}

int64_t CountEdges(const graph::AttentionGraph& graph, int length) {
  int64_t edges = 0;
  for (int dst = 0; dst < length; ++dst) {
    edges += static_cast<int64_t>(graph.Sources(dst, length).size());
  }
  return edges;
}

// Of one layer.
double AttentionOperations(const model::ModelConfig& config, double edges) {
  return 2.0 * edges * config.hidden_size * (1 + config.diffusion_hops);
}

// A hop of the last layer is one product a head.
double LastAttentionOperations(const model::ModelConfig& config, double edges) {
  return 2.0 * edges * (config.hidden_size + config.num_heads * config.diffusion_hops);
}

double CountEdges(const graph::AttentionGraph& graph, const std::vector<int>& lengths) {
  double edges = 0;
  for (const int length : lengths) edges += static_cast<double>(CountEdges(graph, length));
  return edges;
}

}  // namespace

double LinearOperations(const model::ModelConfig& config, int tokens) {
  const double hidden = config.hidden_size;
  return QkvOperations(config, tokens) +
         2.0 * tokens * hidden * (hidden + 2.0 * config.intermediate_size);
}

double FloorOperations(const model::ModelConfig& config, int tokens) {
  return config.num_layers * LinearOperations(config, tokens);
}

double EngineOperations(const model::ModelConfig& config, const graph::AttentionGraph& graph,
                        const std::vector<int>& lengths) {
  const int tokens = std::accumulate(lengths.begin(), lengths.end(), 0);
  const int documents = static_cast<int>(lengths.size());
  const double edges = CountEdges(graph, lengths);
  const double sums = 2.0 * tokens * config.num_heads * config.hidden_size;
  const double last = ProjectionOperations(config, tokens, 2) + sums +
                      LinearOperations(config, documents) -
                      ProjectionOperations(config, documents, 2);
  const int before = config.num_layers - 1;
  return before * (LinearOperations(config, tokens) + AttentionOperations(config, edges)) + last +
         LastAttentionOperations(config, edges);
}

std::map<std::string, PartWork> DeviceWork(const model::ModelConfig& config,
                                           const graph::AttentionGraph& graph,
                                           const std::vector<int>& lengths, int element_bytes) {
  const double tokens = std::accumulate(lengths.begin(), lengths.end(), 0);
  const int before = config.num_layers - 1;
  // Rows that pass what follows the attention, of all layers together.
  const double rows = before * tokens + static_cast<double>(lengths.size());
  const double all_rows = config.num_layers * tokens;  // that pass what precedes it
  const double edges = CountEdges(graph, lengths);
  const double hidden = config.hidden_size, inner = config.intermediate_size;

  const double projection_weights = config.num_layers * 4 * hidden * hidden;
  const double feed_forward_weights = config.num_layers * 2 * hidden * inner;
  const double matrix = 2.0 * edges * config.num_heads * (1 + config.diffusion_hops);
  const auto moved = [&](double elements) { return element_bytes * elements; };
  return {
      // The rows of word and position, and their sum.
      {"embeddings", {.bytes = moved(3 * tokens * hidden)}},
      {"projections",
       {.operations = QkvOperations(config, all_rows) + 2 * rows * hidden * hidden,
        .bytes = moved(projection_weights + 4 * all_rows * hidden + 2 * rows * hidden)}},
      {"attention",
       {.operations =
            before * AttentionOperations(config, edges) + LastAttentionOperations(config, edges),
        .bytes = moved(3 * all_rows * hidden + rows * hidden) + config.num_layers * matrix}},
      // Two products, and between them the activation, a pass of its own.
      {"feed_forward",
       {.operations = 4 * rows * hidden * inner,
        .bytes = moved(feed_forward_weights + 2 * rows * hidden + 4 * rows * inner)}},
      // After the attention and after the feed-forward: what is added, what it is added to, the
      // sum.
      {"norms", {.bytes = moved(6 * rows * hidden)}},
  };
}

}  // namespace diffuser::bench
