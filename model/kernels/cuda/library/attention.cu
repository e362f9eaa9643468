#include "model/kernels/cuda/attention_launches.h"
#include "model/kernels/cuda/convert.cuh"
#include "model/kernels/cuda/library/attention.h"
#include "model/kernels/cuda/library/cuda_launcher.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kConvertBlocks = 256;
constexpr LaunchDims kConvert = {.x = kConvertBlocks, .threads = kRowThreads};

}  // namespace

template <class Half>
cudaError_t LaunchAttention(const DeviceAttention<Half>& call, cudaStream_t stream) {
  const AttentionArgs<Half>& args = call.args;
  const int64_t width = int64_t{args.heads} * args.head_dim;
  const int64_t rows = call.first_tokens ? args.batch.documents : args.batch.tokens;
  CudaLauncher launcher(stream);
  launcher.Launch(kConvert, RoundToHalves<Half>, call.qkv, call.halves,
                  args.batch.tokens * 3 * width / 2, kConvertBlocks);
  LaunchScores(launcher, args);
  if (call.first_tokens) {
    LaunchFirstTokens(launcher, args, call.launches, call.order, call.weights, call.half_out,
                      call.evidence);
  } else {
    LaunchHops(launcher, args, call.launches, call.order, call.partials, call.half_out);
  }
  launcher.Launch(kConvert, WidenToFloats<Half>, call.half_out, call.out, rows * width / 2,
                  kConvertBlocks);
  return launcher.error();
}

template cudaError_t LaunchAttention(const DeviceAttention<BFloat16>&, cudaStream_t);
template cudaError_t LaunchAttention(const DeviceAttention<Float16>&, cudaStream_t);

}  // namespace diffuser::kernels::cuda
