#include "model/kernels/cuda/library/context.h"

namespace diffuser::kernels::cuda {
namespace {

// Copies arrays to where they have been laid out, until one fails.
class CopyToDevice {
 public:
  explicit CopyToDevice(cudaStream_t stream) : stream_(stream) {}

  template <class T>
  const T* operator()(T* to, const T* from, int64_t count) {
    if (error_ == cudaSuccess && count > 0) {
      error_ = cudaMemcpyAsync(to, from, count * sizeof(T), cudaMemcpyHostToDevice, stream_);
    }
    return to;
  }

  // Rows of `width` floats, `stride` floats apart.
  void Rows(float* to, int64_t to_stride, const float* from, int64_t stride, int64_t width,
            int64_t rows) {
    if (error_ != cudaSuccess) return;
    error_ = cudaMemcpy2DAsync(to, to_stride * sizeof(float), from, stride * sizeof(float),
                               width * sizeof(float), rows, cudaMemcpyHostToDevice, stream_);
  }

  cudaError_t error() const { return error_; }

 private:
  cudaStream_t stream_;
  cudaError_t error_ = cudaSuccess;
};

int64_t SourceCount(const GraphCopy& graph) { return int64_t{graph.groups} * kStripRows * kGroup; }

GraphView LayOut(const GraphCopy& graph, DeviceLayout& layout) {
  GraphView view = graph.view;
  view.is_global = layout.Take<uint8_t>(graph.nodes);
  view.globals = layout.Take<uint16_t>(graph.globals);
  view.random_sources = layout.Take<uint16_t>(SourceCount(graph));
  view.group_first = layout.Take<uint16_t>(graph.groups);
  view.strip_groups = layout.Take<int32_t>(CeilDiv(graph.nodes, kStripRows) + 1);
  return view;
}

std::vector<DocumentsLaunch> Launches(const AttentionCall& call) {
  const BatchCopy& batch = call.batch;
  if (call.first_tokens != 0) {
    return {batch.first_tokens, batch.first_tokens + batch.first_token_launches};
  }
  return {batch.hops, batch.hops + batch.hop_launches};
}

// What one call works on.
template <class Half>
DeviceAttention<Half> LayOut(const AttentionCall& call, const GraphView& graph,
                             DeviceLayout& layout) {
  const BatchCopy& batch = call.batch;
  const int documents = batch.view.documents;
  const int64_t tokens = batch.view.tokens;
  const int64_t width = int64_t{call.heads} * call.head_dim;
  const int64_t out_rows = call.first_tokens != 0 ? documents : tokens;
  DeviceAttention<Half> device = {};
  AttentionArgs<Half>& args = device.args;
  args.graph = graph;
  args.batch = batch.view;
  args.batch.all = layout.Take<Document>(documents);
  args.batch.strip_starts = layout.Take<int32_t>(documents + 1);
  args.batch.chunk_starts = layout.Take<int32_t>(documents + 1);
  device.order = layout.Take<int32_t>(documents);
  args.matrix = {
      layout.Take<Words>(batch.tiles * kTileWords), layout.Take<float>(batch.tiles * kStripRows),
      layout.Take<Words>(batch.groups * kStripRows), layout.Take<float>(batch.groups * kStripRows),
      layout.Take<SoftmaxState>(batch.chunks * kStripRows)};
  args.heads = call.heads;
  args.head_dim = call.head_dim;
  args.hops = call.hops;
  args.alpha = call.alpha;
  device.qkv = layout.Take<float>(tokens * 3 * width);
  device.halves = layout.Take<Half>(tokens * 3 * width);
  args.q = device.halves;
  args.k = device.halves + width;
  args.v = device.halves + 2 * width;
  args.row_stride = 3 * width;
  device.half_out = layout.Take<Half>(out_rows * width);
  device.out = layout.Take<float>(out_rows * width);
  device.partials = layout.Take<float>(batch.chunks * kStripRows * call.head_dim);
  device.weights = layout.Take<float>(call.first_tokens != 0 ? call.heads * tokens : 0);
  device.evidence = call.evidence != nullptr ? layout.Take<float>(tokens) : nullptr;
  device.first_tokens = call.first_tokens != 0;
  device.launches = Launches(call);
  return device;
}

}  // namespace

Context::~Context() {
  if (stream_ == nullptr) return;
  cudaSetDevice(device_);
  cudaStreamDestroy(stream_);
}

cudaError_t Context::Prepare(const GraphCopy& graph) {
  if (const auto error = cudaSetDevice(device_); error != cudaSuccess) return error;
  if (const auto error = cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking);
      error != cudaSuccess) {
    return error;
  }
  DeviceLayout size(nullptr);
  LayOut(graph, size);
  if (const auto error = graph_memory_.Reserve(size.bytes()); error != cudaSuccess) return error;
  DeviceLayout layout(graph_memory_.data());
  graph_ = LayOut(graph, layout);
  CopyToDevice copy(stream_);
  copy(const_cast<uint8_t*>(graph_.is_global), graph.view.is_global, graph.nodes);
  copy(const_cast<uint16_t*>(graph_.globals), graph.view.globals, graph.globals);
  copy(const_cast<uint16_t*>(graph_.random_sources), graph.view.random_sources, SourceCount(graph));
  copy(const_cast<uint16_t*>(graph_.group_first), graph.view.group_first, graph.groups);
  copy(const_cast<int32_t*>(graph_.strip_groups), graph.view.strip_groups,
       CeilDiv(graph.nodes, kStripRows) + 1);
  if (copy.error() != cudaSuccess) return copy.error();
  return cudaStreamSynchronize(stream_);
}

cudaError_t Context::Compute(const AttentionCall& call) {
  const std::lock_guard lock(mutex_);
  if (const auto error = cudaSetDevice(device_); error != cudaSuccess) return error;
  return type_ == HalfType::kBFloat16 ? ComputeAs<BFloat16>(call) : ComputeAs<Float16>(call);
}

template <class Half>
cudaError_t Context::ComputeAs(const AttentionCall& call) {
  DeviceLayout size(nullptr);
  LayOut<Half>(call, graph_, size);
  if (const auto error = memory_.Reserve(size.bytes()); error != cudaSuccess) return error;
  DeviceLayout layout(memory_.data());
  DeviceAttention<Half> device = LayOut<Half>(call, graph_, layout);
  if (const auto error = CopyIn(call, device); error != cudaSuccess) return error;
  if (const auto error = LaunchAttention(device, stream_); error != cudaSuccess) return error;
  if (const auto error = CopyOut(call, device); error != cudaSuccess) return error;
  return cudaStreamSynchronize(stream_);
}

template <class Half>
cudaError_t Context::CopyIn(const AttentionCall& call, DeviceAttention<Half>& device) const {
  const BatchView& from = call.batch.view;
  const BatchView& to = device.args.batch;
  CopyToDevice copy(stream_);
  copy(const_cast<Document*>(to.all), from.all, from.documents);
  copy(const_cast<int32_t*>(to.strip_starts), from.strip_starts, from.documents + 1);
  copy(const_cast<int32_t*>(to.chunk_starts), from.chunk_starts, from.documents + 1);
  copy(const_cast<int32_t*>(device.order),
       device.first_tokens ? call.batch.first_token_order : call.batch.hop_order, from.documents);
  const int64_t width = int64_t{call.heads} * call.head_dim;
  float* qkv = const_cast<float*>(device.qkv);
  for (const float* part : {call.q, call.k, call.v}) {
    copy.Rows(qkv, 3 * width, part, call.row_stride, width, from.tokens);
    qkv += width;
  }
  return copy.error();
}

template <class Half>
cudaError_t Context::CopyOut(const AttentionCall& call, const DeviceAttention<Half>& device) const {
  const int64_t width = int64_t{call.heads} * call.head_dim;
  const int64_t rows = device.first_tokens ? call.batch.view.documents : call.batch.view.tokens;
  const auto error = cudaMemcpyAsync(call.out, device.out, rows * width * sizeof(float),
                                     cudaMemcpyDeviceToHost, stream_);
  if (error != cudaSuccess || call.evidence == nullptr) return error;
  return cudaMemcpyAsync(call.evidence, device.evidence, call.batch.view.tokens * sizeof(float),
                         cudaMemcpyDeviceToHost, stream_);
}

}  // namespace diffuser::kernels::cuda
