#ifndef DIFFUSER_MODEL_DEVICE_WORKSPACE_H_
#define DIFFUSER_MODEL_DEVICE_WORKSPACE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/device/encoder_kernels.h"
#include "model/device/runtime.h"
#include "model/model_config.h"

namespace diffuser::device {

// What a batch needs beside its activations, as it is laid out on the host and, byte for byte the
// same, on the device: one copy takes all of it there.
struct Inputs {
  at::Tensor bytes;       // all of them, uint8
  at::Tensor ids;         // [tokens], int32
  at::Tensor positions;   // [tokens], int32: rows of the position table
  at::Tensor first_rows;  // [documents], int32: where documents begin
  at::Tensor plan;        // see EncoderKernels::WritePlan
};

// What a batch is computed in, for some bounds: views of one lane's memory.
struct Activations {
  Inputs inputs;
  at::Tensor hidden;     // [tokens, hidden]; these in the type of the rows
  at::Tensor qkv;        // [tokens, 3 * hidden]
  at::Tensor context;    // [tokens, hidden], of the attention
  at::Tensor projected;  // [tokens, hidden], any product of that width
  at::Tensor expanded;   // [tokens, intermediate]
  at::Tensor first;      // [documents, hidden], first tokens' hidden states
  at::Tensor attention;  // uint8, what kernels work in
  at::Tensor widened;    // [documents, hidden], float32, as are the next three
  at::Tensor features;   // [documents, hidden]
  at::Tensor logits;     // [documents, labels]
  at::Tensor evidence;   // [tokens]
};

// What comes back, on the host.
struct Answers {
  at::Tensor logits;    // [documents, labels], float32
  at::Tensor evidence;  // [tokens], float32
};

// A lane's memory on the device and its mirror on the host, taken once for the largest batch.
class Workspace {
 public:
  // Throws c10::OutOfMemoryError. Config and kernels must outlive it.
  Workspace(Runtime& runtime, const model::ModelConfig& config, const EncoderKernels& kernels,
            at::ScalarType type, const BatchBounds& most);

  // Views for bounds that are nowhere above those of the constructor, at the same addresses for the
  // same bounds each time.
  Activations On(const BatchBounds& bounds) const;
  Inputs InputsOnHost(const BatchBounds& bounds) const;
  Answers AnswersOnHost(const BatchBounds& bounds) const;

  const BatchBounds& most() const { return most_; }

 private:
  Inputs LayOutInputs(const at::Tensor& memory, const BatchBounds& bounds) const;

  const model::ModelConfig& config_;
  const EncoderKernels& kernels_;
  at::ScalarType type_;
  BatchBounds most_;
  size_t attention_bytes_;
  int64_t input_bytes_ = 0;
  at::Tensor device_memory_, host_memory_;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_WORKSPACE_H_
