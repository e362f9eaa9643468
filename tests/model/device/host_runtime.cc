#include "tests/model/device/host_runtime.h"

#include <ATen/ops/zeros.h>
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <chrono>
#include <utility>

namespace diffuser::device::testing {
namespace {

constexpr int64_t kAlignment = 256;

class HostTimestamp final : public Timestamp {
 public:
  double SecondsSince(const Timestamp& earlier) const override {
    return std::chrono::duration<double>(time_ - static_cast<const HostTimestamp&>(earlier).time_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point time_ = std::chrono::steady_clock::now();
};

// Adds up what tensors take on the thread where it is installed.
class AllocationCounter final : public c10::MemoryReportingInfoBase {
 public:
  explicit AllocationCounter(std::atomic<int64_t>& bytes) : bytes_(bytes) {}

  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override {
    if (bytes > 0) bytes_ += bytes;
  }
  bool memoryProfilingEnabled() const override { return true; }

 private:
  std::atomic<int64_t>& bytes_;
};

class HostGraph final : public CapturedWork {
 public:
  HostGraph(HostRuntime& runtime, std::function<void()> work)
      : runtime_(runtime), work_(std::move(work)) {}

  void Replay() override {
    ++runtime_.replays;
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE,
                                    std::make_shared<AllocationCounter>(runtime_.bytes_in_replays));
    work_();
  }

 private:
  HostRuntime& runtime_;
  std::function<void()> work_;
};

class HostStream final : public Stream {
 public:
  explicit HostStream(HostRuntime& runtime) : runtime_(runtime) {}

  kernels::cuda::StreamHandle handle() const override { return nullptr; }
  void Run(absl::FunctionRef<void()> work) override {
    TORCH_CHECK(!runtime_.fails_launches, "the device refuses");
    work();
  }
  std::unique_ptr<CapturedWork> Capture(std::function<void()> work) override {
    TORCH_CHECK(!runtime_.fails_captures, "no capture today");
    ++runtime_.captures;
    return std::make_unique<HostGraph>(runtime_, std::move(work));
  }
  void Synchronize() override { runtime_.Synchronize(); }
  std::unique_ptr<Timestamp> Mark() override { return std::make_unique<HostTimestamp>(); }

 private:
  HostRuntime& runtime_;
};

at::Tensor AlignedBytes(int64_t bytes) {
  const at::Tensor memory = at::zeros({bytes + kAlignment}, at::kByte);
  const auto address = reinterpret_cast<uintptr_t>(memory.const_data_ptr());
  return memory.narrow(0, (kAlignment - static_cast<int64_t>(address % kAlignment)) % kAlignment,
                       bytes);
}

}  // namespace

std::unique_ptr<Stream> HostRuntime::NewStream() { return std::make_unique<HostStream>(*this); }

at::Tensor HostRuntime::DeviceBytes(int64_t bytes) {
  TORCH_CHECK_WITH(OutOfMemoryError, bytes <= memory_bytes, "no ", bytes, " bytes on this device");
  return AlignedBytes(bytes);
}

at::Tensor HostRuntime::PinnedBytes(int64_t bytes) { return AlignedBytes(bytes); }

void HostRuntime::Synchronize() { TORCH_CHECK(!is_lost, "the device is gone"); }

}  // namespace diffuser::device::testing
