#ifndef DIFFUSER_MODEL_DEVICE_LOADING_H_
#define DIFFUSER_MODEL_DEVICE_LOADING_H_

#include <memory>
#include <vector>

#include "model/device/device_classifier.h"
#include "model/device/lane.h"

// The steps of MakeDeviceClassifier. They throw, see status_error.h.
namespace diffuser::device {

// The type of the rows for a precision that devices have.
at::ScalarType RowType(model::Precision precision);

// The parts' kernels, once they have been found to agree with LibTorch's operators; else those.
std::shared_ptr<const EncoderKernels> ChooseKernels(const DeviceParts& parts, at::ScalarType type,
                                                    const model::LoadOptions& options);

struct Lanes {
  BatchBounds most;
  std::vector<std::unique_ptr<Lane>> lanes;
};

// Lanes for the most tokens, up to the options' number, that there is memory for.
Lanes MakeLanes(Runtime& runtime, const std::shared_ptr<const DeviceEncoder>& encoder,
                const model::LoadOptions& options);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_LOADING_H_
