#ifndef DIFFUSER_TESTS_BENCH_DEVICE_FLOOR_H_
#define DIFFUSER_TESTS_BENCH_DEVICE_FLOOR_H_

#include <c10/core/Device.h>

#include <memory>

#include "model/model_config.h"
#include "tests/bench/floor.h"

namespace diffuser::bench {

// The floor on any device that LibTorch knows: the linear layers as ATen computes them there, in
// their stream and by its time. The activation is left out: ATen has its exact form only as a pass
// of its own over memory, which is no part of a product.
// REQUIRES: a precision of floating-point numbers. Throws what LibTorch throws.
std::unique_ptr<Floor> MakeDeviceFloor(c10::Device device, const model::ModelConfig& config,
                                       const FloorOptions& options);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_DEVICE_FLOOR_H_
