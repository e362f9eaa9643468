#include "model/cpu_classifier.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "model/layers/arena.h"
#include "model/layers/encoder.h"
#include "model/layers/guard.h"
#include "model/layers/heads.h"
#include "model/profile.h"
#include "model/token_ids.h"

namespace diffuser::model {
namespace {

// One for each thread that computes, whichever model it computes for.
const layers::Arena& ThreadArena() {
  thread_local layers::Arena arena;
  return arena;
}

class CpuClassifier final : public Classifier {
 public:
  CpuClassifier(std::unique_ptr<const layers::Encoder> encoder, Precision precision,
                const LoadOptions& options)
      : encoder_(std::move(encoder)),
        head_(encoder_->parameters()),
        precision_(precision),
        compute_threads_(options.compute_threads),
        on_internal_error_(options.on_internal_error) {}

  const ModelConfig& config() const override { return encoder_->parameters().config(); }
  std::string device() const override { return "cpu"; }
  Precision precision() const override { return precision_; }
  int64_t weight_bytes() const override { return encoder_->weight_bytes(); }

  absl::Status Validate(absl::Span<const int32_t> ids) const override {
    return CheckTokenIds(config(), ids);
  }
  absl::StatusOr<std::vector<Classification>> Classify(
      const PackedBatch& batch, const std::vector<bool>& evidence) const override;

 private:
  std::vector<Classification> Compute(const PackedBatch& batch,
                                      const std::vector<bool>& evidence) const;

  std::unique_ptr<const layers::Encoder> encoder_;
  layers::ClassificationHead head_;
  Precision precision_;
  int compute_threads_;
  std::function<void(const std::string&)> on_internal_error_;
};

absl::StatusOr<std::vector<Classification>> CpuClassifier::Classify(
    const PackedBatch& batch, const std::vector<bool>& evidence) const {
  std::vector<Classification> answers;
  const absl::Status status = layers::GuardTorch(on_internal_error_, [&] {
    answers = Compute(batch, evidence);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return answers;
}

std::vector<Classification> CpuClassifier::Compute(const PackedBatch& batch,
                                                   const std::vector<bool>& evidence) const {
  const c10::InferenceMode no_autograd;
  at::set_num_threads(compute_threads_);  // a property of the calling thread
  const bool any_evidence = std::find(evidence.begin(), evidence.end(), true) != evidence.end();
  const layers::Arena& arena = ThreadArena();
  const layers::ArenaScope scope(arena);
  const layers::FirstTokens first = encoder_->EncodeFirstTokens(batch, any_evidence);
  PartTimer timer;
  const at::Tensor logits = head_.Forward(first.hidden).contiguous();
  timer.Count(Part::kHead);

  const float* row = logits.const_data_ptr<float>();
  const float* weights = any_evidence ? first.evidence.const_data_ptr<float>() : nullptr;
  std::vector<Classification> answers(batch.documents());
  for (int i = 0; i < batch.documents(); ++i, row += logits.size(1)) {
    answers[i].logits.assign(row, row + logits.size(1));
    if (!any_evidence || !evidence[i]) continue;
    answers[i].evidence.assign(weights + batch.offsets()[i], weights + batch.offsets()[i + 1]);
  }
  return answers;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Classifier>> MakeCpuClassifier(
    std::shared_ptr<const layers::ParameterSource> parameters, layers::AttentionBackend backend,
    Precision precision, const LoadOptions& options) {
  std::shared_ptr<const Classifier> classifier;
  const absl::Status status = layers::GuardTorch(options.on_internal_error, [&] {
    const c10::InferenceMode no_autograd;
    at::set_num_threads(options.compute_threads);
    auto encoder = std::make_unique<const layers::Encoder>(std::move(parameters),
                                                           std::move(backend), precision);
    classifier = std::make_shared<CpuClassifier>(std::move(encoder), precision, options);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return classifier;
}

}  // namespace diffuser::model
