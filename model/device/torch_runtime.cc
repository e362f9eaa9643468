#include "model/device/torch_runtime.h"

#include <ATen/accelerator/Graph.h>
#include <ATen/core/GraphImplInterface.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

#include "absl/synchronization/mutex.h"

namespace diffuser::device {
namespace {

// Captures register with the device's one random generator, which is not made for several at once.
absl::Mutex one_capture(absl::kConstInit);

class TorchTimestamp final : public Timestamp {
 public:
  explicit TorchTimestamp(const c10::Stream& stream)
      : event_(stream.device_type(), c10::EventFlag::BACKEND_DEFAULT) {  // CUDA's has the time
    event_.record(stream);
  }

  double SecondsSince(const Timestamp& earlier) const override {
    return 1e-3 * static_cast<const TorchTimestamp&>(earlier).event_.elapsedTime(event_);
  }

 private:
  c10::Event event_;
};

class TorchGraph final : public CapturedWork {
 public:
  TorchGraph(const c10::Stream& stream, at::MempoolId_t pool, const std::function<void()>& work)
      : stream_(stream) {
    const absl::MutexLock lock(&one_capture);
    const c10::StreamGuard guard(stream_);
    // A capture in the device's default mode would forbid other threads to allocate meanwhile.
    graph_.capture_begin(pool, at::GraphCaptureMode::ThreadLocal);
    try {
      work();
    } catch (...) {
      Abandon();
      throw;
    }
    graph_.capture_end();
  }

  void Replay() override {
    const c10::StreamGuard guard(stream_);
    graph_.replay();
  }

  at::MempoolId_t pool() const { return graph_.pool(); }

 private:
  // The stream must leave the capture, whatever becomes of the graph.
  void Abandon() noexcept {
    try {
      graph_.capture_end();
    } catch (const c10::Error&) {  // that the capture has failed is known
    }
  }

  c10::Stream stream_;
  at::accelerator::Graph graph_;
};

class TorchStream final : public Stream {
 public:
  explicit TorchStream(const c10::Stream& stream) : stream_(stream) {}

  kernels::cuda::StreamHandle handle() const override { return stream_.native_handle(); }
  void Run(absl::FunctionRef<void()> work) override {
    const c10::StreamGuard guard(stream_);
    work();
  }
  std::unique_ptr<CapturedWork> Capture(std::function<void()> work) override {
    auto graph = std::make_unique<TorchGraph>(stream_, pool_, work);
    pool_ = graph->pool();
    return graph;
  }
  void Synchronize() override { stream_.synchronize(); }
  std::unique_ptr<Timestamp> Mark() override { return std::make_unique<TorchTimestamp>(stream_); }

 private:
  c10::Stream stream_;
  at::MempoolId_t pool_ = {0, 0};  // of what the stream's graphs take: they run one by one
};

class TorchRuntime final : public Runtime {
 public:
  explicit TorchRuntime(c10::Device device) : device_(device), backend_(device.type()) {}

  c10::Device device() const override { return device_; }
  std::unique_ptr<Stream> NewStream() override {
    return std::make_unique<TorchStream>(backend_.getStreamFromGlobalPool(device_));
  }
  bool has_graphs() const override { return at::has_graph_impl(device_.type()); }
  at::Tensor DeviceBytes(int64_t bytes) override {
    const at::Tensor memory = at::zeros({bytes}, at::TensorOptions(at::kByte).device(device_));
    backend_.getStream(device_).synchronize();  // the lanes' streams do not wait for this one
    return memory;
  }
  at::Tensor PinnedBytes(int64_t bytes) override {
    return at::empty({bytes}, at::TensorOptions(at::kByte).pinned_memory(true)).zero_();
  }
  void ReleaseUnused() override { c10::getDeviceAllocator(device_.type())->emptyCache(); }
  void Synchronize() override { backend_.synchronizeDevice(device_.index()); }
  std::optional<model::DeviceMemory> memory() const override {
    try {
      const auto [free, total] =
          c10::getDeviceAllocator(device_.type())->getMemoryInfo(device_.index());
      return model::DeviceMemory{.used = static_cast<int64_t>(total - free),
                                 .free = static_cast<int64_t>(free)};
    } catch (const c10::Error&) {  // the backend does not say, or the device is lost
      return std::nullopt;
    }
  }

 private:
  c10::Device device_;
  c10::impl::VirtualGuardImpl backend_;
};

}  // namespace

std::unique_ptr<Runtime> MakeTorchRuntime(c10::Device device) {
  return std::make_unique<TorchRuntime>(device);
}

}  // namespace diffuser::device
