#include "model/device/lane.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace diffuser::device {
namespace {

constexpr int kUsesBeforeCapture = 2;

std::vector<model::Classification> Read(const Answers& answers, const model::PackedBatch& batch,
                                        const std::vector<bool>& evidence) {
  const int64_t labels = answers.logits.size(1);
  const float* row = answers.logits.const_data_ptr<float>();
  const float* weights = answers.evidence.const_data_ptr<float>();
  std::vector<model::Classification> read(batch.documents());
  for (int i = 0; i < batch.documents(); ++i, row += labels) {
    read[i].logits.assign(row, row + labels);
    if (evidence.empty() || !evidence[i]) continue;
    read[i].evidence.assign(weights + batch.offsets()[i], weights + batch.offsets()[i + 1]);
  }
  return read;
}

}  // namespace

Lane::Lane(Runtime& runtime, std::shared_ptr<const DeviceEncoder> encoder, const BatchBounds& most,
           LaneOptions options)
    : encoder_(std::move(encoder)),
      options_(std::move(options)),
      stream_(runtime.NewStream()),
      workspace_(runtime, encoder_->config(), encoder_->kernels(), encoder_->weights().type, most),
      classes_(options_.classes),
      captures_(encoder_->kernels().is_replayable() && runtime.has_graphs()) {}

Lane::BatchClass Lane::MakeClass(const BatchBounds& bounds) const {
  EncoderPass pass;
  pass.at = workspace_.On(bounds);
  pass.batch = {.bounds = bounds,
                .plan = pass.at.inputs.plan,
                .workspace = pass.at.attention,
                .stream = stream_->handle(),
                .offsets = {}};
  return {.inputs = workspace_.InputsOnHost(bounds),
          .pass = std::move(pass),
          .answers = workspace_.AnswersOnHost(bounds)};
}

void Lane::Compute(const BatchClass& shared, const model::PackedBatch& batch,
                   PartClock* clock) const {
  if (shared.graph != nullptr && clock == nullptr) {
    shared.graph->Replay();
    return;
  }
  EncoderPass pass = shared.pass;
  pass.batch.offsets = batch.offsets();
  pass.clock = clock;
  encoder_->Forward(pass);
}

// A batch can be had without graphs, too: where capturing fails, that is what remains.
void Lane::Capture(BatchClass& shared) {
  try {
    shared.graph = stream_->Capture(
        [encoder = encoder_, pass = shared.pass]() mutable { encoder->Forward(pass); });
  } catch (const std::exception& error) {
    captures_ = false;
    if (options_.on_internal_error) {
      options_.on_internal_error(std::string("no graphs from here on: ") + error.what());
    }
  }
}

void Lane::Launch(BatchClass& shared, const model::PackedBatch& batch, bool want_evidence,
                  PartClock* clock) {
  Activations& on_device = shared.pass.at;
  on_device.inputs.bytes.copy_(shared.inputs.bytes, /*non_blocking=*/true);
  if (clock != nullptr) clock->Count("copy");
  Compute(shared, batch, clock);
  shared.answers.logits.copy_(on_device.logits, /*non_blocking=*/true);
  if (want_evidence) shared.answers.evidence.copy_(on_device.evidence, /*non_blocking=*/true);
  if (clock != nullptr) clock->Count("copy");
  if (captures_ && shared.graph == nullptr && shared.uses >= kUsesBeforeCapture) {
    Capture(shared);  // while the device is at work
  }
}

std::vector<model::Classification> Lane::Classify(const model::PackedBatch& batch,
                                                  const std::vector<bool>& evidence) {
  const BatchBounds bounds = captures_ ? ClassBounds(batch, workspace_.most()) : ExactBounds(batch);
  const bool any_evidence = std::find(evidence.begin(), evidence.end(), true) != evidence.end();
  BatchClass& shared = classes_.Use(bounds, [&] { return MakeClass(bounds); });
  ++shared.uses;
  encoder_->WriteInputs(batch, bounds, shared.inputs);
  std::optional<PartClock> clock;
  stream_->Run([&] {
    const bool is_sampled = ++batches_ % options_.sample_every == 0;
    if (is_sampled && options_.on_device_part) clock.emplace(*stream_);
    Launch(shared, batch, any_evidence, clock.has_value() ? &*clock : nullptr);
  });
  stream_->Synchronize();
  if (clock.has_value()) clock->Report(options_.on_device_part);
  return Read(shared.answers, batch, evidence);
}

}  // namespace diffuser::device
