#include "model/device/workspace.h"

#include <c10/core/ScalarType.h>

#include <utility>
#include <vector>

namespace diffuser::device {
namespace {

constexpr int64_t kAlignment = 256;

// Hands out a block of memory piece by piece; without a block, measures what it would take.
class Layout {
 public:
  explicit Layout(at::Tensor memory) : memory_(std::move(memory)) {}

  at::Tensor Take(at::ScalarType type, const std::vector<int64_t>& shape) {
    return TakeOf(type, shape, shape);
  }

  // A piece with room for `most`, of which a view of `shape` is wanted.
  at::Tensor TakeOf(at::ScalarType type, const std::vector<int64_t>& shape,
                    const std::vector<int64_t>& most) {
    const int64_t begin = bytes_;
    bytes_ += (Bytes(type, most) + kAlignment - 1) / kAlignment * kAlignment;
    if (!memory_.defined()) return {};
    return memory_.narrow(0, begin, Bytes(type, shape)).view(type).view(shape);
  }

  int64_t bytes() const { return bytes_; }

 private:
  static int64_t Bytes(at::ScalarType type, const std::vector<int64_t>& shape) {
    return c10::multiply_integers(shape) * static_cast<int64_t>(c10::elementSize(type));
  }

  at::Tensor memory_;
  int64_t bytes_ = 0;
};

Inputs TakeInputs(Layout& layout, const BatchBounds& bounds, size_t plan_bytes) {
  Inputs inputs;
  inputs.ids = layout.Take(at::kInt, {bounds.tokens});
  inputs.positions = layout.Take(at::kInt, {bounds.tokens});
  inputs.first_rows = layout.Take(at::kInt, {bounds.documents});
  inputs.plan = layout.Take(at::kByte, {static_cast<int64_t>(plan_bytes)});
  return inputs;
}

Answers TakeAnswers(Layout& layout, const model::ModelConfig& config, const BatchBounds& bounds) {
  Answers answers;
  answers.logits =
      layout.Take(at::kFloat, {bounds.documents, static_cast<int64_t>(config.labels.size())});
  answers.evidence = layout.Take(at::kFloat, {bounds.tokens});
  return answers;
}

// All but the inputs.
Activations TakeActivations(Layout& layout, const model::ModelConfig& config, at::ScalarType type,
                            const BatchBounds& bounds, const BatchBounds& most,
                            size_t attention_bytes) {
  const int64_t hidden = config.hidden_size;
  const auto rows = [&](at::ScalarType of, int64_t width) {
    return layout.TakeOf(of, {bounds.tokens, width}, {most.tokens, width});
  };
  const auto documents = [&](at::ScalarType of, int64_t width) {
    return layout.TakeOf(of, {bounds.documents, width}, {most.documents, width});
  };
  Activations views;
  views.hidden = rows(type, hidden);
  views.qkv = rows(type, 3 * hidden);
  views.context = rows(type, hidden);
  views.projected = rows(type, hidden);
  views.expanded = rows(type, config.intermediate_size);
  views.first = documents(type, hidden);
  views.attention = layout.Take(at::kByte, {static_cast<int64_t>(attention_bytes)});
  views.widened = documents(at::kFloat, hidden);
  views.features = documents(at::kFloat, hidden);
  views.logits = documents(at::kFloat, static_cast<int64_t>(config.labels.size()));
  views.evidence = layout.TakeOf(at::kFloat, {bounds.tokens}, {most.tokens});
  return views;
}

}  // namespace

Workspace::Workspace(Runtime& runtime, const model::ModelConfig& config,
                     const EncoderKernels& kernels, at::ScalarType type, const BatchBounds& most)
    : config_(config),
      kernels_(kernels),
      type_(type),
      most_(most),
      attention_bytes_(kernels.WorkspaceBytes(most)) {
  Layout inputs{at::Tensor()};
  TakeInputs(inputs, most, kernels.PlanBytes(most));
  input_bytes_ = inputs.bytes();
  Layout device{at::Tensor()};
  TakeActivations(device, config, type, most, most, attention_bytes_);
  device_memory_ = runtime.DeviceBytes(input_bytes_ + device.bytes());
  Layout answers{at::Tensor()};
  TakeAnswers(answers, config, most);
  host_memory_ = runtime.PinnedBytes(input_bytes_ + answers.bytes());
}

Inputs Workspace::LayOutInputs(const at::Tensor& memory, const BatchBounds& bounds) const {
  Layout layout(memory.narrow(0, 0, input_bytes_));
  Inputs inputs = TakeInputs(layout, bounds, kernels_.PlanBytes(bounds));
  inputs.bytes = memory.narrow(0, 0, layout.bytes());
  return inputs;
}

Activations Workspace::On(const BatchBounds& bounds) const {
  Layout layout(device_memory_.narrow(0, input_bytes_, device_memory_.size(0) - input_bytes_));
  Activations views = TakeActivations(layout, config_, type_, bounds, most_, attention_bytes_);
  views.inputs = LayOutInputs(device_memory_, bounds);
  return views;
}

Inputs Workspace::InputsOnHost(const BatchBounds& bounds) const {
  return LayOutInputs(host_memory_, bounds);
}

Answers Workspace::AnswersOnHost(const BatchBounds& bounds) const {
  Layout layout(host_memory_.narrow(0, input_bytes_, host_memory_.size(0) - input_bytes_));
  return TakeAnswers(layout, config_, bounds);
}

}  // namespace diffuser::device
