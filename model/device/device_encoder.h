#ifndef DIFFUSER_MODEL_DEVICE_DEVICE_ENCODER_H_
#define DIFFUSER_MODEL_DEVICE_DEVICE_ENCODER_H_

#include <memory>

#include "model/device/encoder_kernels.h"
#include "model/device/part_clock.h"
#include "model/device/weights.h"
#include "model/device/workspace.h"
#include "model/model_config.h"
#include "model/packed_batch.h"

namespace diffuser::device {

// One batch on its way through the encoder.
struct EncoderPass {
  BatchOnDevice batch;
  Activations at;
  PartClock* clock = nullptr;  // null: nothing is measured
};

// The layers of layers::Encoder and the classification head on a device, over packed documents,
// from the inputs in the workspace to logits and evidence there. Dense layers are ATen's, in the
// type of the rows (float32 as the process allows: TF32 where it does); the head is always exact
// float32. All rows of the bounds are computed: what stands beyond the batch's is of no meaning and
// touches no other row.
//
// Puts work into the current stream, which is also that of the batch; waits for nothing, and takes
// no memory beside the workspace but what the kernels take. Immutable and thread-safe. Methods
// throw, see status_error.h.
class DeviceEncoder {
 public:
  DeviceEncoder(const model::ModelConfig& config, std::shared_ptr<const DeviceWeights> weights,
                std::shared_ptr<const EncoderKernels> kernels);

  // Writes all that the encoder takes of a batch to host memory, in the layout of these bounds.
  // REQUIRES: the batch is within them.
  void WriteInputs(const model::PackedBatch& batch, const BatchBounds& bounds,
                   const Inputs& inputs) const;

  // Leaves logits and evidence in the pass's activations.
  void Forward(EncoderPass& pass) const;

  // Leaves the hidden states of all tokens after the first `layers` layers in `hidden`.
  // REQUIRES: 0 <= layers <= config().num_layers.
  void Encode(EncoderPass& pass, int layers) const;

  const model::ModelConfig& config() const { return config_; }
  const DeviceWeights& weights() const { return *weights_; }
  const EncoderKernels& kernels() const { return *kernels_; }

 private:
  void Embed(EncoderPass& pass) const;
  void Project(EncoderPass& pass, const LayerWeights& layer) const;
  void Finish(EncoderPass& pass, const LayerWeights& layer, const at::Tensor& context,
              at::Tensor& hidden) const;
  void ClassifyFirstTokens(EncoderPass& pass) const;

  model::ModelConfig config_;
  std::shared_ptr<const DeviceWeights> weights_;
  std::shared_ptr<const EncoderKernels> kernels_;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_DEVICE_ENCODER_H_
