#ifndef DIFFUSER_TESTS_BENCH_WORK_H_
#define DIFFUSER_TESTS_BENCH_WORK_H_

#include <map>
#include <string>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/model_config.h"
#include "tests/bench/results.h"

namespace diffuser::bench {

// Floating-point operations, two a multiplication and addition, of one layer's linear layers (q, k
// and v, the attention's output, the feed-forward's two) over `tokens` tokens.
double LinearOperations(const model::ModelConfig& config, int tokens);

// Of all layers' linear layers over all tokens: the floor.
double FloorOperations(const model::ModelConfig& config, int tokens);

// What the engine must do for documents of `lengths` tokens on a CPU: the linear layers, of the
// last layer those for q and k over all tokens and the others for a token a document; for each edge
// of the attention, a score of D products, and D products a hop, in the last layer one a hop; and
// the sum of each document's tokens that the last layer's heads take their values of.
double EngineOperations(const model::ModelConfig& config, const graph::AttentionGraph& graph,
                        const std::vector<int>& lengths);

// The same on a device, where v of the last layer too is projected for all tokens, by part, as a
// device's parts are called (LoadOptions::on_device_part), with the bytes
// that each moves at least where an element takes `element_bytes`: weights once; rows in and out of
// every layer; of the attention q, k and v, the output, and its matrix, in 16 bits, written once
// and read at every hop. cuda_roofline.py adds what the kernels' layout costs.
std::map<std::string, PartWork> DeviceWork(const model::ModelConfig& config,
                                           const graph::AttentionGraph& graph,
                                           const std::vector<int>& lengths, int element_bytes);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_WORK_H_
