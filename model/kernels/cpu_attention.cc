#include "model/kernels/cpu_attention.h"

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

  void FirstTokenWeights(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, float* weights, ParallelFor parallel) const override {
    const int64_t tokens = qkv.offsets.back();
    ForEachHead(shape, qkv, parallel, [&](int document, int head) {
      FirstTokenWeightsOfHead(MakeTask(graph, shape, qkv, document, head), ThreadWorkspace(),
                              weights + head * tokens + qkv.offsets[document]);
    });
  }
};

}  // namespace

std::unique_ptr<const AttentionKernels> MakeCpuKernels() { return std::make_unique<CpuKernels>(); }

}  // namespace diffuser::kernels
