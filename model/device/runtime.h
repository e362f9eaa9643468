#ifndef DIFFUSER_MODEL_DEVICE_RUNTIME_H_
#define DIFFUSER_MODEL_DEVICE_RUNTIME_H_

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "model/classifier.h"
#include "model/kernels/cuda/stream_kernels.h"

// What the encoder needs of a device beside ATen: streams, events, graphs and memory. All of it
// throws what LibTorch throws (c10::OutOfMemoryError, c10::Error).
namespace diffuser::device {

// A point in a stream's work.
class Timestamp {
 public:
  virtual ~Timestamp() = default;

  // From `earlier`, of the same stream, to this. REQUIRES: the stream has been synchronised since.
  virtual double SecondsSince(const Timestamp& earlier) const = 0;
};

// Work that was captured in a stream, to be run there any number of times.
class CapturedWork {
 public:
  virtual ~CapturedWork() = default;

  // Puts it into its stream once more.
  virtual void Replay() = 0;
};

// Work on the device in order. One thread at a time.
class Stream {
 public:
  virtual ~Stream() = default;

  virtual kernels::cuda::StreamHandle handle() const = 0;

  // Runs `work` on the calling thread, with the stream as the one that ATen puts its work into.
  virtual void Run(absl::FunctionRef<void()> work) = 0;

  // What `work` puts into the stream, kept instead of done. Other threads may use the device
  // meanwhile. REQUIRES: the calling thread has run the same work before, so that libraries have
  // set themselves up; `work` neither waits for the device nor copies from or to the host.
  virtual std::unique_ptr<CapturedWork> Capture(std::function<void()> work) = 0;

  // Blocks: until the stream's work is done.
  virtual void Synchronize() = 0;

  virtual std::unique_ptr<Timestamp> Mark() = 0;
};

// One device. Thread-safe.
class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual c10::Device device() const = 0;

  virtual std::unique_ptr<Stream> NewStream() = 0;

  // Whether streams can capture.
  virtual bool has_graphs() const = 0;

  // Memory of the device, or of the host where the device reaches it by itself; [bytes], uint8,
  // zeros, at a multiple of 256; ready for every stream.
  virtual at::Tensor DeviceBytes(int64_t bytes) = 0;
  virtual at::Tensor PinnedBytes(int64_t bytes) = 0;

  // Gives memory that no tensor uses back to the device.
  virtual void ReleaseUnused() = 0;

  // Blocks: until all streams' work is done.
  virtual void Synchronize() = 0;

  virtual std::optional<model::DeviceMemory> memory() const = 0;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_RUNTIME_H_
