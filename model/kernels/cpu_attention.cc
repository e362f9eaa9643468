#include "model/kernels/cpu_attention.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "model/kernels/cpu_head.h"

namespace diffuser::kernels {
namespace {

// One per thread, so that tasks neither allocate nor share.
Workspace& ThreadWorkspace() {
  thread_local Workspace workspace;
  return workspace;
}

// The documents of a batch, the longest first: a long one started last would leave threads idle.
std::vector<int> LongestFirst(const QkvView& qkv) {
  std::vector<int> documents(qkv.documents());
  std::iota(documents.begin(), documents.end(), 0);
  const auto length = [&](int i) { return qkv.offsets[i + 1] - qkv.offsets[i]; };
  std::stable_sort(documents.begin(), documents.end(),
                   [&](int a, int b) { return length(a) > length(b); });
  return documents;
}

HeadTask MakeTask(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                  const QkvView& qkv, int document, int head) {
  const int64_t start = qkv.offsets[document] * qkv.row_stride + int64_t{head} * shape.head_dim;
  return {.graph = graph,
          .q = qkv.q + start,
          .k = qkv.k + start,
          .v = qkv.v + start,
          .row_stride = qkv.row_stride,
          .length = qkv.offsets[document + 1] - qkv.offsets[document],
          .dim = shape.head_dim,
          .hops = shape.hops,
          .alpha = shape.alpha};
}

class CpuKernels : public AttentionKernels {
 public:
  std::string_view name() const override { return "cpu"; }

  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               float* out, ParallelFor parallel) const override {
    const std::vector<int> order = LongestFirst(qkv);
    const int64_t stride = int64_t{shape.heads} * shape.head_dim;
    parallel(int64_t{qkv.documents()} * shape.heads, [&](int64_t index) {
      const int document = order[index / shape.heads];
      const int head = static_cast<int>(index % shape.heads);
      DiffuseHead(MakeTask(graph, shape, qkv, document, head), ThreadWorkspace(),
                  out + qkv.offsets[document] * stride + int64_t{head} * shape.head_dim, stride);
    });
  }

  void DiffuseFirstToken(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, float* out, float* evidence,
                         ParallelFor parallel) const override {
    const std::vector<int> order = LongestFirst(qkv);
    const int64_t tokens = qkv.offsets.back();
    // Each head writes a row of its own, so that the sum's order does not hang on the threads.
    std::vector<float> weights(evidence != nullptr ? tokens * shape.heads : 0);  // [H, T]
    parallel(int64_t{qkv.documents()} * shape.heads, [&](int64_t index) {
      const int document = order[index / shape.heads];
      const int head = static_cast<int>(index % shape.heads);
      float* row =
          evidence == nullptr ? nullptr : weights.data() + head * tokens + qkv.offsets[document];
      DiffuseHeadFirstToken(MakeTask(graph, shape, qkv, document, head), ThreadWorkspace(),
                            out + (int64_t{document} * shape.heads + head) * shape.head_dim, row);
    });
    for (int64_t t = 0; t < (evidence != nullptr ? tokens : 0); ++t) {
      float sum = 0.0f;
      for (int head = 0; head < shape.heads; ++head) sum += weights[head * tokens + t];
      evidence[t] = sum / static_cast<float>(shape.heads);
    }
  }
};

}  // namespace

std::unique_ptr<const AttentionKernels> MakeCpuKernels() { return std::make_unique<CpuKernels>(); }

}  // namespace diffuser::kernels
