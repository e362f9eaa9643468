#include "model/kernels/cpu_training.h"

#include "model/kernels/cpu_training_head.h"
#include "model/kernels/dropout_mask.h"
#include "model/kernels/head_tasks.h"

namespace diffuser::kernels {
namespace {

// One per thread, so that tasks neither allocate nor share.
TrainingWorkspace& ThreadWorkspace() {
  thread_local TrainingWorkspace workspace;
  return workspace;
}

TrainingTask MakeTrainingTask(const DiffusionPass& pass, int document, int head) {
  return {.head = MakeTask(pass.graph, pass.shape, pass.qkv, document, head),
          .attention_dropout = pass.dropout.attention,
          .hop_dropout = pass.dropout.hop,
          .key = HeadKey(pass.dropout.seed, document, head)};
}

class CpuTrainingKernels : public TrainingKernels {
 public:
  void Diffuse(const DiffusionPass& pass, float* out, ParallelFor parallel) const override {
    const int64_t width = int64_t{pass.shape.heads} * pass.shape.head_dim;
    ForEachHead(pass.shape, pass.qkv, parallel, [&](int document, int head) {
      TrainHead(MakeTrainingTask(pass, document, head), ThreadWorkspace(),
                out + pass.qkv.offsets[document] * width + int64_t{head} * pass.shape.head_dim,
                width);
    });
  }

  void DiffuseBackward(const DiffusionPass& pass, const float* out_gradient,
                       const QkvGradient& gradient, ParallelFor parallel) const override {
    const int64_t width = int64_t{pass.shape.heads} * pass.shape.head_dim;
    ForEachHead(pass.shape, pass.qkv, parallel, [&](int document, int head) {
      const int64_t column = int64_t{head} * pass.shape.head_dim;
      const int64_t first = pass.qkv.offsets[document];
      const int64_t at = first * gradient.row_stride + column;
      TrainHeadBackward(MakeTrainingTask(pass, document, head), ThreadWorkspace(),
                        out_gradient + first * width + column, width,
                        {gradient.q + at, gradient.k + at, gradient.v + at, gradient.row_stride});
    });
  }
};

}  // namespace

std::unique_ptr<const TrainingKernels> MakeCpuTrainingKernels() {
  return std::make_unique<CpuTrainingKernels>();
}

}  // namespace diffuser::kernels
