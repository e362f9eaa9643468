#ifndef DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_CASES_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_CASES_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels::testing {

// A batch of made-up projections: q, k and v beside each other in rows of 3 H D floats, as one
// product gives them. The numbers of a document are a function of its seed alone.
class Projections {
 public:
  Projections(const DiffusionShape& shape, const std::vector<int>& lengths,
              const std::vector<uint32_t>& seeds, float magnitude,
              Element element = Element::kFloat32);

  // Valid as long as this lives.
  QkvView view() const;
  int tokens() const { return offsets_.back(); }
  int documents() const { return static_cast<int>(offsets_.size()) - 1; }
  int offset(int document) const { return offsets_[document]; }
  int length(int document) const { return offsets_[document + 1] - offsets_[document]; }

 private:
  int width_;
  Element element_;
  std::vector<int32_t> offsets_ = {0};
  std::vector<float> values_;
  std::vector<BFloat16> rounded_;  // values_, where that is the element
};

// One graph, shape and batch to compare implementations on.
struct KernelCase {
  std::string name;
  graph::GraphOptions graph;
  DiffusionShape shape;
  std::vector<int> lengths;
  float magnitude = 1.0f;  // of q, k and v
};

void PrintTo(const KernelCase& test, std::ostream* out);

// Graphs, head sizes and batches at and around every limit of the implementations.
std::vector<KernelCase> GeneratedCases();

// The base graph of the published code, and a document as long as it, beside one of one token.
KernelCase WholeGraphCase();

std::shared_ptr<const graph::AttentionGraph> BuildOrDie(const graph::GraphOptions& options);
std::unique_ptr<const AttentionKernels> KernelsOrDie(const char* name);

// Run all on the calling thread, or on `threads` threads that take the next index as they go.
void Serial(int64_t count, absl::FunctionRef<void(int64_t)> body);
void OnThreads(int threads, int64_t count, absl::FunctionRef<void(int64_t)> body);

// What both methods give for a batch, as floats; of the weights that the second one gives, s V and
// their means over the heads.
struct Answers {
  std::vector<float> all;       // [T, H D]
  std::vector<float> first;     // [documents, H D]
  std::vector<float> evidence;  // [T]
};
// `first` and `evidence` alone.
Answers ComputeFirst(const AttentionKernels& kernels, const graph::AttentionGraph& graph,
                     const DiffusionShape& shape, const QkvView& view, ParallelFor parallel);
Answers Compute(const AttentionKernels& kernels, const graph::AttentionGraph& graph,
                const DiffusionShape& shape, const Projections& batch, ParallelFor parallel);

}  // namespace diffuser::kernels::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_CASES_H_
