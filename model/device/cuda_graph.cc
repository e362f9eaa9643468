// A library of its own, opened after libtorch_cuda.so: it gives LibTorch's CUDA graphs the
// interface that LibTorch has for graphs of any device, which the CUDA backend leaves out. Of
// libtorch_cuda's headers the project uses this one class alone.
#include <ATen/core/GraphImplInterface.h>
#include <ATen/cuda/CUDAGraph.h>

namespace diffuser::device {

class CudaGraph final : public at::GraphImplInterface {
 public:
  explicit CudaGraph(const at::GraphImplArgs& args) : graph_(args.keep_graph) {}

  void capture_begin(at::MempoolId_t pool, at::GraphCaptureMode mode) override {
    graph_.capture_begin(pool, ModeOf(mode));
  }
  void capture_end() override { graph_.capture_end(); }
  void instantiate() override { graph_.instantiate(); }
  void replay() override { graph_.replay(); }
  void reset() override { graph_.reset(); }
  at::MempoolId_t pool() const override { return graph_.pool(); }
  void enable_debug_mode() override { graph_.enable_debug_mode(); }
  void debug_dump(const std::string&) override {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "CUDA graphs are not written to files");
  }

 private:
  static cudaStreamCaptureMode ModeOf(at::GraphCaptureMode mode) {
    switch (mode) {
      case at::GraphCaptureMode::ThreadLocal:
        return cudaStreamCaptureModeThreadLocal;
      case at::GraphCaptureMode::Relaxed:
        return cudaStreamCaptureModeRelaxed;
      case at::GraphCaptureMode::Default:
      case at::GraphCaptureMode::Global:
        break;
    }
    return cudaStreamCaptureModeGlobal;
  }

  mutable at::cuda::CUDAGraph graph_;  // says its pool through a method that is not const
};

}  // namespace diffuser::device

namespace at {
REGISTER_GRAPH_IMPL(CUDA, diffuser::device::CudaGraph)
}  // namespace at
