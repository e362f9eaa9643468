#ifndef DIFFUSER_MODEL_KERNELS_TOKEN_SUMS_H_
#define DIFFUSER_MODEL_KERNELS_TOKEN_SUMS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "model/kernels/attention_kernels.h"

// What is done with the weights that AttentionKernels::FirstTokenWeights gives, on the CPU, with
// the widest vectors that it has. A document's results are the same bits whatever else is in its
// batch and however many threads run.
namespace diffuser::kernels {

// Does not own what it points to.
struct TokenWeights {
  const float* values = nullptr;      // s, [H, T]
  int heads = 0;                      // H
  absl::Span<const int32_t> offsets;  // [documents + 1], as PackedBatch::offsets()

  int documents() const { return static_cast<int>(offsets.size()) - 1; }
};

// sums[i][h] = sum over the tokens t of document i of s[h][t] * x[t], and totals[i][h] that of
// s[h][t] alone. x is [T, width], sums [documents, H, width], totals [documents, H].
void SumTokens(const TokenWeights& weights, const float* x, int64_t width, float* sums,
               float* totals, ParallelFor parallel);

// evidence[t] = the mean of s[h][t] over the heads; [T].
void AverageHeads(const TokenWeights& weights, float* evidence);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_TOKEN_SUMS_H_
