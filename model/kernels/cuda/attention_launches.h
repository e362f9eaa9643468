#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "model/kernels/cuda/attention_call.h"
#include "model/kernels/cuda/first_tokens.cuh"
#include "model/kernels/cuda/hops.cuh"
#include "model/kernels/cuda/scores.cuh"

// The launches of one layer's attention, in their order. Grids are for the most that the batch may
// have: blocks and warps without work leave at once. `Launcher` is the CUDA runtime, or the host
// shim of the tests; it has
//
//   void Launch(const LaunchDims&, kernel, arguments...);
namespace diffuser::kernels::cuda {

// Kernels that take whole documents have no more blocks than this: four for each SM of the largest
// devices, which hold one at a time. A block goes on to other work where there is more, so that
// room for documents that are not there costs a few microseconds at the most.
inline constexpr int kMostBlocks = 512;

// How many clusters take the `shares` of each document of a launch.
inline int Clusters(const DocumentsLaunch& launch, int shares) {
  return static_cast<int>(
      std::min<int64_t>(int64_t{launch.documents} * shares, kMostBlocks / launch.parts));
}

inline int ScoreBlocks(int64_t tasks) {
  return static_cast<int>((tasks + kScoreWarps - 1) / kScoreWarps);
}

// The attention matrices of a batch, as args.matrix has them.
template <class Half, class Launcher>
void LaunchScores(Launcher& launcher, const AttentionCall<Half>& call) {
  const AttentionArgs<Half>& args = call.args;
  launcher.Launch({.x = ScoreBlocks(call.strips), .y = args.heads, .threads = kScoreThreads},
                  StripScores<Half>, args);
  if (call.chunks == 0) return;
  const LaunchDims chunks = {
      .x = ScoreBlocks(call.chunks), .y = args.heads, .threads = kScoreThreads};
  launcher.Launch(chunks, GlobalRowScores<Half>, args);
  launcher.Launch(chunks, FinishGlobalRows<Half>, args);
}

template <class Half, class Launcher, size_t... kAt>
void LaunchHopsOfWidth(Launcher& launcher, const LaunchDims& dims, int width,
                       const HopsArgs<Half>& args, std::index_sequence<kAt...>) {
  ((width == kHopWidths[kAt] ? launcher.Launch(dims, Hops<Half, kHopWidths[kAt]>, args) : void()),
   ...);
}

// h_K of every token.
template <class Half, class Launcher>
void LaunchHops(Launcher& launcher, const AttentionCall<Half>& call) {
  for (const DocumentsLaunch* launch = call.launches; launch != call.launches + call.launch_count;
       ++launch) {
    const int slabs = CeilDiv(call.args.head_dim, launch->width);
    const int clusters = Clusters(*launch, call.args.heads * slabs);
    const LaunchDims dims = {.x = launch->parts,
                             .y = clusters,
                             .threads = kHopThreads,
                             .shared_bytes = HopSharedBytes(launch->width, launch->longest),
                             .cluster = launch->parts};
    const HopsArgs<Half> hops = {call.args, launch->index, launch->parts,
                                 clusters,  call.scratch,  call.out};
    LaunchHopsOfWidth(launcher, dims, launch->width, hops,
                      std::make_index_sequence<std::size(kHopWidths)>());
  }
}

// h_K of every document's first token, and where it is wanted what that reads of every token.
template <class Half, class Launcher>
void LaunchFirstTokens(Launcher& launcher, const AttentionCall<Half>& call) {
  const AttentionArgs<Half>& args = call.args;
  for (const DocumentsLaunch* launch = call.launches; launch != call.launches + call.launch_count;
       ++launch) {
    const int clusters = Clusters(*launch, args.heads);
    launcher.Launch({.x = launch->parts,
                     .y = clusters,
                     .threads = kFirstThreads,
                     .shared_bytes = FirstTokenSharedBytes(launch->longest, args.head_dim),
                     .cluster = launch->parts},
                    FirstTokens<Half>,
                    FirstTokensArgs<Half>{args, launch->index, launch->parts, clusters, call.tokens,
                                          call.scratch, call.out});
  }
  if (call.evidence == nullptr) return;
  launcher.Launch(
      {.x = CeilDiv(static_cast<int>(call.tokens), kFirstThreads), .threads = kFirstThreads},
      MeanOverHeads<Half>, args.batch.counts, call.scratch, args.heads, call.tokens, call.evidence);
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_LAUNCHES_H_
