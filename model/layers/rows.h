#ifndef DIFFUSER_MODEL_LAYERS_ROWS_H_
#define DIFFUSER_MODEL_LAYERS_ROWS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/classifier.h"
#include "model/kernels/rows/row_kernels.h"

namespace diffuser::layers {

// Rows of a batch that are worked on together: between two products of one block, what the first
// gives stays in the last-level cache.
inline constexpr int64_t kBlockRows = 1024;

// The input of a product, in the form that the products of a precision take.
struct Rows {
  at::Tensor values;  // [rows, width]: float32, bfloat16, or uint8 for int8
  // Of uint8 rows alone, which stand for (values - zero) * scales.
  at::Tensor scales;  // [rows], float32
  int zero = 0;

  int64_t size() const { return values.size(0); }
  Rows Narrow(int64_t first, int64_t count) const;  // a view
};

// The output of a product, of which something may be left to do: it stands for values * scales +
// bias, as far as those two are defined.
struct Product {
  at::Tensor values;  // [rows, width], float32 or bfloat16
  at::Tensor scales;  // [rows]
  at::Tensor bias;    // [width]
};

// The tokens of a batch between two layers.
struct HiddenStates {
  at::Tensor residual;  // [rows, hidden], float32
  Rows rows;            // the same, as the input of the next product; float32 shares the memory

  HiddenStates Narrow(int64_t first, int64_t count) const;  // a view
};

// Uninitialised, for the precision's products. REQUIRES: one of the CPU's precisions, not kAuto.
HiddenStates EmptyHiddenStates(int64_t rows, int64_t hidden, model::Precision precision);

// The same over a residual stream, [rows, hidden], whose memory is shared.
HiddenStates HiddenStatesOver(const at::Tensor& residual, model::Precision precision);

// All forms of the hidden states, as somewhere to write to, from row `first` on.
kernels::RowSink SinkOf(HiddenStates& states, int64_t first);

// activation(product), as the input of an int8 product.
Rows Quantize(const Product& product, kernels::RowActivation activation);

// out = activation(product); out float32 or bfloat16, contiguous, of the product's shape.
void Finish(const Product& product, kernels::RowActivation activation, at::Tensor out);

// out = LayerNorm(product + residual). The residual may be that of `out`.
void AddAndNormalize(const Product& product, const at::Tensor& residual,
                     const kernels::RowNorm& norm, HiddenStates& out);

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ROWS_H_
