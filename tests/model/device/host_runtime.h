#ifndef DIFFUSER_TESTS_MODEL_DEVICE_HOST_RUNTIME_H_
#define DIFFUSER_TESTS_MODEL_DEVICE_HOST_RUNTIME_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "model/device/runtime.h"

namespace diffuser::device::testing {

// The host as a device: streams run work at once, captured work is kept and run when it is
// replayed. Counts what it is asked for, and fails where a test tells it to.
class HostRuntime final : public Runtime {
 public:
  c10::Device device() const override { return c10::Device(c10::DeviceType::CPU); }
  std::unique_ptr<Stream> NewStream() override;
  bool has_graphs() const override { return graphs; }
  at::Tensor DeviceBytes(int64_t bytes) override;
  at::Tensor PinnedBytes(int64_t bytes) override;
  void ReleaseUnused() override { ++releases; }
  void Synchronize() override;
  std::optional<model::DeviceMemory> memory() const override {
    return model::DeviceMemory{.used = 3, .free = 4};
  }

  // To be set by tests.
  bool graphs = true;
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();  // one piece of device memory has
  std::atomic<bool> fails_captures = false;
  std::atomic<bool> fails_launches = false;  // whatever is run in a stream
  std::atomic<bool> is_lost = false;         // synchronising fails

  // To be read by tests.
  std::atomic<int> captures = 0;
  std::atomic<int> replays = 0;
  std::atomic<int> releases = 0;
  std::atomic<int64_t> bytes_in_replays = 0;  // that tensors took while work was replayed
};

}  // namespace diffuser::device::testing

#endif  // DIFFUSER_TESTS_MODEL_DEVICE_HOST_RUNTIME_H_
