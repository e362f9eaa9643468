#ifndef DIFFUSER_MODEL_KERNELS_ROW_ACTIVATION_H_
#define DIFFUSER_MODEL_KERNELS_ROW_ACTIVATION_H_

// Free of what a host's compiler alone knows: kernels of devices take it, too.
namespace diffuser::kernels {

enum class RowActivation : int { kNone, kGelu /* erf form */, kGeluTanh, kRelu };

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_ROW_ACTIVATION_H_
