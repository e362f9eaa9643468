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
      graphs_(options_.graphs),
      captures_(encoder_->kernels().is_replayable() && runtime.has_graphs()) {}

EncoderPass Lane::PassFor(const BatchBounds& bounds) const {
  EncoderPass pass;
  pass.at = workspace_.On(bounds);
  pass.batch = {.bounds = bounds,
                .plan = pass.at.inputs.plan,
                .workspace = pass.at.attention,
                .stream = stream_->handle(),
                .offsets = {}};
  return pass;
}

void Lane::Compute(EncoderPass& pass, const model::PackedBatch& batch,
                   GraphCache::Entry* entry) const {
  if (entry != nullptr && entry->graph != nullptr && pass.clock == nullptr) {
    entry->graph->Replay();
    return;
  }
  pass.batch.offsets = batch.offsets();
  encoder_->Forward(pass);
}

// A batch can be had without graphs, too: where capturing fails, that is what remains.
void Lane::Capture(const BatchBounds& bounds, GraphCache::Entry& entry) {
  try {
    entry.graph = stream_->Capture(
        [encoder = encoder_, pass = PassFor(bounds)]() mutable { encoder->Forward(pass); });
  } catch (const std::exception& error) {
    captures_ = false;
    if (options_.on_internal_error) {
      options_.on_internal_error(std::string("no graphs from here on: ") + error.what());
    }
  }
}

void Lane::Launch(const model::PackedBatch& batch, const BatchBounds& bounds, bool want_evidence,
                  PartClock* clock) {
  EncoderPass pass = PassFor(bounds);
  pass.clock = clock;
  pass.at.inputs.bytes.copy_(workspace_.InputsOnHost(bounds).bytes, /*non_blocking=*/true);
  if (clock != nullptr) clock->Count("copy");
  GraphCache::Entry* const entry = captures_ ? &graphs_.Use(bounds) : nullptr;
  Compute(pass, batch, entry);
  Answers answers = workspace_.AnswersOnHost(bounds);
  answers.logits.copy_(pass.at.logits, /*non_blocking=*/true);
  if (want_evidence) answers.evidence.copy_(pass.at.evidence, /*non_blocking=*/true);
  if (clock != nullptr) clock->Count("copy");
  if (entry != nullptr && entry->graph == nullptr && entry->uses >= kUsesBeforeCapture) {
    Capture(bounds, *entry);  // while the device is at work
  }
}

std::vector<model::Classification> Lane::Classify(const model::PackedBatch& batch,
                                                  const std::vector<bool>& evidence) {
  const BatchBounds bounds = captures_ ? ClassBounds(batch, workspace_.most()) : ExactBounds(batch);
  const bool any_evidence = std::find(evidence.begin(), evidence.end(), true) != evidence.end();
  encoder_->WriteInputs(batch, bounds, workspace_.InputsOnHost(bounds));
  std::optional<PartClock> clock;
  stream_->Run([&] {
    const bool is_sampled = ++batches_ % options_.sample_every == 0;
    if (is_sampled && options_.on_device_part) clock.emplace(*stream_);
    Launch(batch, bounds, any_evidence, clock.has_value() ? &*clock : nullptr);
  });
  stream_->Synchronize();
  if (clock.has_value()) clock->Report(options_.on_device_part);
  return Read(workspace_.AnswersOnHost(bounds), batch, evidence);
}

}  // namespace diffuser::device
