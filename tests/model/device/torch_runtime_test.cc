// The runtime through LibTorch's interfaces for any device, on a backend that is made up here and
// only notes what it is asked for.
#include "model/device/torch_runtime.h"

#include <ATen/core/GraphImplInterface.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::device {
namespace {

using ::testing::ElementsAre;

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;

struct Log {
  std::vector<std::string> calls;
  c10::StreamId current_stream = 0;
  c10::StreamId last_stream = 0;
  double milliseconds = 0;  // when the next event is recorded
};
Log log_of_calls;

class NotingGuard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device device) const override { return device; }
  c10::Device getDevice() const override { return c10::Device(kType, 0); }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  c10::Stream getStream(c10::Device device) const override {
    return c10::Stream(c10::Stream::UNSAFE, device, log_of_calls.current_stream);
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    return c10::Stream(c10::Stream::UNSAFE, device, ++log_of_calls.last_stream);
  }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    const c10::Stream before = getStream(stream.device());
    log_of_calls.current_stream = stream.id();
    return before;
  }
  void* getStreamNativeHandle(const c10::Stream stream) const override {
    return reinterpret_cast<void*>(stream.id());
  }
  void synchronizeStream(const c10::Stream& stream) const override {
    log_of_calls.calls.push_back("wait for stream " + std::to_string(stream.id()));
  }
  void synchronizeDevice(c10::DeviceIndex) const override {
    log_of_calls.calls.push_back("wait for device");
  }

  void record(void** event, const c10::Stream&, c10::DeviceIndex,
              c10::EventFlag flag) const override {
    EXPECT_EQ(flag, c10::EventFlag::BACKEND_DEFAULT);
    *event = new double(log_of_calls.milliseconds);
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    delete static_cast<double*>(event);
  }
  bool queryEvent(void*) const override { return true; }
  double elapsedTime(void* from, void* to, c10::DeviceIndex) const override {
    return *static_cast<double*>(to) - *static_cast<double*>(from);
  }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, NotingGuard)

class Hooks final : public at::PrivateUse1HooksInterface {
 public:
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  c10::Allocator* getPinnedMemoryAllocator() const override {
    log_of_calls.calls.push_back("pinned memory");
    return c10::GetDefaultCPUAllocator();
  }
};

class NotingGraph final : public at::GraphImplInterface {
 public:
  explicit NotingGraph(const at::GraphImplArgs&) {}
  void capture_begin(at::MempoolId_t pool, at::GraphCaptureMode mode) override {
    EXPECT_EQ(mode, at::GraphCaptureMode::ThreadLocal);
    Note("capture into pool " + std::to_string(pool.first));
  }
  void capture_end() override { Note("captured"); }
  void instantiate() override {}
  void replay() override { Note("replay"); }
  void reset() override {}
  at::MempoolId_t pool() const override { return {7, 0}; }
  void enable_debug_mode() override {}
  void debug_dump(const std::string&) override {}

 private:
  static void Note(const std::string& what) {
    log_of_calls.calls.push_back(what + " on stream " +
                                 std::to_string(log_of_calls.current_stream));
  }
};

class TorchRuntimeTest : public ::testing::Test {
 protected:
  TorchRuntimeTest() {
    if (!at::isPrivateUse1HooksRegistered()) {
      c10::register_privateuse1_backend("noting");
      at::RegisterPrivateUse1HooksInterface(new Hooks);
    }
    log_of_calls = {};
  }

  const std::unique_ptr<Runtime> runtime_ = MakeTorchRuntime(c10::Device(kType, 0));
};

TEST_F(TorchRuntimeTest, RunsWorkWithTheStreamAsTheCurrentOne) {
  const auto first = runtime_->NewStream();
  const auto second = runtime_->NewStream();
  EXPECT_EQ(reinterpret_cast<c10::StreamId>(second->handle()), 2);
  second->Run([&] {
    EXPECT_EQ(log_of_calls.current_stream, 2);
    first->Run([] { EXPECT_EQ(log_of_calls.current_stream, 1); });
    EXPECT_EQ(log_of_calls.current_stream, 2);
  });
  EXPECT_EQ(log_of_calls.current_stream, 0);
  EXPECT_THROW(first->Run([] { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(log_of_calls.current_stream, 0);
  second->Synchronize();
  runtime_->Synchronize();
  EXPECT_THAT(log_of_calls.calls, ElementsAre("wait for stream 2", "wait for device"));
}

TEST_F(TorchRuntimeTest, CapturesInTheStreamAndReplaysThere) {
  EXPECT_TRUE(runtime_->has_graphs());
  const auto stream = runtime_->NewStream();
  const auto graph = stream->Capture([] { log_of_calls.calls.push_back("work"); });
  graph->Replay();
  graph->Replay();
  EXPECT_THAT(log_of_calls.calls,
              ElementsAre("capture into pool 0 on stream 1", "work", "captured on stream 1",
                          "replay on stream 1", "replay on stream 1"));
  log_of_calls.calls.clear();
  stream->Capture([] {});  // takes memory where the one before did
  EXPECT_THAT(log_of_calls.calls,
              ElementsAre("capture into pool 7 on stream 1", "captured on stream 1"));
}

TEST_F(TorchRuntimeTest, LeavesACaptureThatFails) {
  const auto stream = runtime_->NewStream();
  EXPECT_THROW(stream->Capture([] { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_THAT(log_of_calls.calls,
              ElementsAre("capture into pool 0 on stream 1", "captured on stream 1"));
  EXPECT_EQ(log_of_calls.current_stream, 0);
}

TEST_F(TorchRuntimeTest, MeasuresFromOnePointOfAStreamToAnother) {
  const auto stream = runtime_->NewStream();
  log_of_calls.milliseconds = 100;
  const auto begin = stream->Mark();
  log_of_calls.milliseconds = 350;
  EXPECT_DOUBLE_EQ(stream->Mark()->SecondsSince(*begin), 0.25);
}

TEST_F(TorchRuntimeTest, TakesPinnedMemoryFromTheBackend) {
  const at::Tensor memory = runtime_->PinnedBytes(100);
  EXPECT_THAT(log_of_calls.calls, ElementsAre("pinned memory"));
  EXPECT_EQ(memory.nbytes(), 100);
  EXPECT_TRUE(memory.device().is_cpu());
}

TEST_F(TorchRuntimeTest, KnowsNoMemoryWhereTheBackendSaysNothing) {
  EXPECT_FALSE(runtime_->memory().has_value());
}

}  // namespace
}  // namespace diffuser::device

namespace at {
REGISTER_GRAPH_IMPL(NOTING, diffuser::device::NotingGraph)
}  // namespace at
