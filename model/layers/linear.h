#ifndef DIFFUSER_MODEL_LAYERS_LINEAR_H_
#define DIFFUSER_MODEL_LAYERS_LINEAR_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/classifier.h"
#include "model/layers/int8_weight.h"
#include "model/layers/parameters.h"
#include "model/layers/rows.h"
#include "model/model_config.h"

namespace diffuser::layers {

// What a linear layer applies to its product, fused into it.
using Activation = kernels::RowActivation;

Activation ToActivation(model::HiddenAct act);

// Whether this machine has what dense layers of that precision need. REQUIRES: one of the CPU's
// precisions, not kAuto.
bool IsSupported(model::Precision precision);

// Whether bfloat16 is faster than float32 here: oneDNN has it for processors without, too. False
// where Highway, and so the attention, was told to leave AVX-512 alone.
bool HasBFloat16Instructions();

// y = act(x Wᵀ + b). For serving prepacked once by oneDNN for one precision; in training computed
// from the parameters themselves, with a gradient. Shared by all threads.
//
// In float32 and int8 a row's result is the same bits whatever other rows are computed with it. In
// bfloat16 oneDNN may sum a row in another order at other row counts, when AMX is used: results
// then differ by rounding (within a few bfloat16 epsilons of the largest output).
class Linear {
 public:
  // Packs `weight` [out, in] and `bias` [out], both float32; they may go away afterwards.
  // REQUIRES: IsSupported(precision).
  Linear(const at::Tensor& weight, const at::Tensor& bias, Activation activation,
         model::Precision precision);

  // Computes with the tensors themselves, float32: weights [out_i, in] and biases [out_i] of layers
  // of the same input, whose outputs stand side by side. REQUIRES: at least one, as many of both.
  static Linear Trainable(std::vector<at::Tensor> weights, std::vector<at::Tensor> biases,
                          Activation activation);

  // x [rows, in], rows >= 1, float32 or bfloat16; the result, [rows, out], is bfloat16 where the
  // layer is, float32 otherwise.
  at::Tensor Forward(const at::Tensor& x) const;

  // The parts of it, on rows in the form that the layer's precision takes. Multiply leaves the
  // activation out in int8. Activate gives the rows of a layer of the same precision. Project gives
  // all that is to be done, in bfloat16 for bfloat16 and int8, else in float32.
  Product Multiply(const Rows& x) const;
  Rows Activate(const Rows& x) const;
  at::Tensor Project(const Rows& x) const;

  // x, float32 or bfloat16, in the form that the layer's precision takes.
  Rows ToRows(const at::Tensor& x) const;

  int64_t weight_bytes() const { return weight_bytes_; }

 private:
  Linear() = default;
  at::Tensor TrainableForward(const at::Tensor& x) const;
  at::Tensor PackedForward(const at::Tensor& x) const;

  std::vector<at::Tensor> weights_, biases_;  // in training alone
  std::shared_ptr<const Int8Weight> int8_;    // in int8 alone
  at::Tensor packed_;                         // in float32 and bfloat16: oneDNN's layout
  at::Tensor bias_;
  at::ScalarType dtype_ = at::kFloat;  // of packed_
  Activation activation_ = Activation::kNone;
  std::string_view attribute_, algorithm_;  // the activation, in oneDNN's words
  int64_t weight_bytes_ = 0;
};

// The layer whose parameters are `<name>.weight` and `<name>.bias`; of trainable ones in float32,
// whatever the precision.
Linear MakeLinear(const ParameterSource& parameters, const std::string& name, Activation activation,
                  model::Precision precision);

// Several layers of the same input as one: their outputs side by side.
Linear MakeStackedLinear(const ParameterSource& parameters, const std::vector<std::string>& names,
                         model::Precision precision);

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_LINEAR_H_
