#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_

#include <cstdint>
#include <vector>

#include "model/kernels/cuda/convert.cuh"
#include "model/kernels/cuda/device_attention.h"
#include "model/kernels/cuda/first_tokens.cuh"
#include "model/kernels/cuda/hops.cuh"
#include "model/kernels/cuda/scores.cuh"

// The launches of one layer's attention, in their order. `Launcher` is the CUDA runtime, or the
// host shim of the tests; it has
//
//   void Launch(const LaunchDims&, kernel, arguments...);
namespace diffuser::kernels::cuda {

// The attention matrices of a batch, as args.matrix has them.
template <class Half, class Launcher>
void LaunchScores(Launcher& launcher, const AttentionArgs<Half>& args) {
  launcher.Launch(
      {.x = CeilDiv(args.batch.strips, kScoreWarps), .y = args.heads, .threads = kScoreThreads},
      StripScores<Half>, args);
  if (args.batch.chunks == 0) return;
  const LaunchDims chunks = {
      .x = CeilDiv(args.batch.chunks, kScoreWarps), .y = args.heads, .threads = kScoreThreads};
  launcher.Launch(chunks, GlobalRowScores<Half>, args);
  launcher.Launch(chunks, FinishGlobalRows<Half>, args);
}

// h_K of every token, [T, H * D]. `order` is the plan's hop_order, where the kernels can read it;
// `partials` has room for kStripRows * D floats a chunk of all heads.
template <class Half, class Launcher>
void LaunchHops(Launcher& launcher, const AttentionArgs<Half>& args,
                const std::vector<DocumentsLaunch>& launches, const int32_t* order, float* partials,
                Half* out) {
  for (const DocumentsLaunch& launch : launches) {
    const LaunchDims dims = {
        .x = launch.count * launch.parts,
        .y = CeilDiv(args.head_dim, launch.width),
        .z = args.heads,
        .threads = kHopThreads,
        .shared_bytes = HopSharedBytes(launch.width, launch.longest, launch.parts),
        .cluster = launch.parts};
    const HopsArgs<Half> hops = {args, order + launch.first, launch.parts, partials, out};
    if (launch.width == 16) {
      launcher.Launch(dims, Hops<Half, 16>, hops);
    } else {
      launcher.Launch(dims, Hops<Half, 8>, hops);
    }
  }
}

// h_K of every document's first token, [documents, H * D], and where `evidence` is not null what
// it reads of every token, [T]. `order` is the plan's first_token_order; `weights` has room for
// [H, T].
template <class Half, class Launcher>
void LaunchFirstTokens(Launcher& launcher, const AttentionArgs<Half>& args,
                       const std::vector<DocumentsLaunch>& launches, const int32_t* order,
                       float* weights, Half* out, float* evidence) {
  for (const DocumentsLaunch& launch : launches) {
    launcher.Launch({.x = launch.count * launch.parts,
                     .y = args.heads,
                     .threads = kFirstThreads,
                     .shared_bytes = FirstTokenSharedBytes(launch.longest, args.head_dim),
                     .cluster = launch.parts},
                    FirstTokens<Half>,
                    FirstTokensArgs<Half>{args, order + launch.first, launch.parts, weights, out});
  }
  if (evidence == nullptr) return;
  launcher.Launch({.x = CeilDiv(args.batch.tokens, kFirstThreads), .threads = kFirstThreads},
                  MeanOverHeads<Half>, weights, args.heads, args.batch.tokens, evidence);
}

// All launches of one call.
template <class Half, class Launcher>
void LaunchAttention(Launcher& launcher, const DeviceAttention<Half>& call) {
  constexpr int kBlocks = 256;
  constexpr LaunchDims kConvert = {.x = kBlocks, .threads = kRowThreads};
  const AttentionArgs<Half>& args = call.args;
  const int64_t width = int64_t{args.heads} * args.head_dim;
  const int64_t rows = call.first_tokens ? args.batch.documents : args.batch.tokens;
  launcher.Launch(kConvert, RoundToHalves<Half>, call.qkv, call.halves,
                  args.batch.tokens * 3 * width / 2, kBlocks);
  LaunchScores(launcher, args);
  if (call.first_tokens) {
    LaunchFirstTokens(launcher, args, call.launches, call.order, call.weights, call.half_out,
                      call.evidence);
  } else {
    LaunchHops(launcher, args, call.launches, call.order, call.partials, call.half_out);
  }
  launcher.Launch(kConvert, WidenToFloats<Half>, call.half_out, call.out, rows * width / 2,
                  kBlocks);
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_
