#include "model/kernels/cpu_attention.h"

#include <vector>

#include "model/kernels/cpu_head.h"
#include "model/kernels/head_tasks.h"

namespace diffuser::kernels {
namespace {

// One per thread, so that tasks neither allocate nor share.
Workspace& ThreadWorkspace() {
  thread_local Workspace workspace;
  return workspace;
}

class CpuKernels : public AttentionKernels {
 public:
  std::string_view name() const override { return "cpu"; }

  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               void* out, ParallelFor parallel) const override {
    const int64_t stride = int64_t{shape.heads} * shape.head_dim;
    ForEachHead(shape, qkv, parallel, [&](int document, int head) {
      const int64_t at = qkv.offsets[document] * stride + int64_t{head} * shape.head_dim;
      DiffuseHead(MakeTask(graph, shape, qkv, document, head), ThreadWorkspace(),
                  ElementAt(out, qkv.element, at), stride);
    });
  }

  void DiffuseFirstToken(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, void* out, float* evidence,
                         ParallelFor parallel) const override {
    const int64_t tokens = qkv.offsets.back();
    // Each head writes a row of its own, so that the sum's order does not hang on the threads.
    std::vector<float> weights(evidence != nullptr ? tokens * shape.heads : 0);  // [H, T]
    ForEachHead(shape, qkv, parallel, [&](int document, int head) {
      float* row =
          evidence == nullptr ? nullptr : weights.data() + head * tokens + qkv.offsets[document];
      DiffuseHeadFirstToken(
          MakeTask(graph, shape, qkv, document, head), ThreadWorkspace(),
          ElementAt(out, qkv.element, (int64_t{document} * shape.heads + head) * shape.head_dim),
          row);
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
