#ifndef DIFFUSER_MODEL_LAYERS_ONEDNN_LINEAR_H_
#define DIFFUSER_MODEL_LAYERS_ONEDNN_LINEAR_H_

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>

namespace diffuser::layers {

// oneDNN's weight layout of `weight` [out, in], contiguous. Throws c10::Error where oneDNN has no
// kernels for its type on this machine.
at::Tensor PackForOneDnn(const at::Tensor& weight);

// y = act(x Wᵀ + b) by oneDNN. x [rows, in], weight [out, in], packed or not, views included.
// `attribute` and `algorithm` are the activation in oneDNN's words: "none" and "none" for none.
at::Tensor OneDnnLinear(const at::Tensor& x, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias, std::string_view attribute,
                        std::string_view algorithm);

// oneDNN's layout of `weight` [out, in], int8.
at::Tensor PackInt8ForOneDnn(const at::Tensor& weight);

// y = (x - zero_point) Wᵀ * scales -> [rows, out], float32. x [rows, in] uint8, weight packed,
// scales [out] float32, zeros [out] int32, all 0.
at::Tensor OneDnnInt8Linear(const at::Tensor& x, int zero_point, const at::Tensor& weight,
                            const at::Tensor& scales, const at::Tensor& zeros);

// y = x Wᵀ + b, float32, with a gradient; all three of its products go through oneDNN too, which
// is about twice as fast as LibTorch's own linear layer on processors that its BLAS knows little
// of.
at::Tensor TrainableOneDnnLinear(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias);

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ONEDNN_LINEAR_H_
