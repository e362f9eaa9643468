#include "tests/bench/work.h"

#include <cstdint>
#include <numeric>

namespace diffuser::bench {
namespace {

double QkvOperations(const model::ModelConfig& config, double tokens) {
  return 2.0 * tokens * config.hidden_size * 3 * config.hidden_size;
}

int64_t CountEdges(const graph::AttentionGraph& graph, int length) {
  int64_t edges = 0;
  for (int dst = 0; dst < length; ++dst) {
    edges += static_cast<int64_t>(graph.Sources(dst, length).size());
  }
  return edges;
}

// Of all layers.
double AttentionOperations(const model::ModelConfig& config, double edges) {
  const double layer = 2.0 * edges * config.hidden_size * (1 + config.diffusion_hops);
  const double last = 2.0 * edges * (config.hidden_size + config.num_heads * config.diffusion_hops);
  return (config.num_layers - 1) * layer + last;
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
  double edges = 0;
  for (const int length : lengths) edges += static_cast<double>(CountEdges(graph, length));
  const double last = QkvOperations(config, tokens) + LinearOperations(config, documents) -
                      QkvOperations(config, documents);
  return (config.num_layers - 1) * LinearOperations(config, tokens) + last +
         AttentionOperations(config, edges);
}

}  // namespace diffuser::bench
