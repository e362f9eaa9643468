#ifndef DIFFUSER_TESTS_TESTING_FAKE_CLASSIFIER_H_
#define DIFFUSER_TESTS_TESTING_FAKE_CLASSIFIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/classifier.h"

namespace diffuser::testing {

// A small model: vocabulary 1000, length 32, two labels, bos 0, pad 1, eos 2.
inline model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.vocab_size = 1000;
  config.hidden_size = 4;
  config.num_layers = 1;
  config.num_heads = 1;
  config.intermediate_size = 4;
  config.max_position_embeddings = 34;
  config.attention_window = 2;
  config.labels = {"no", "yes"};
  config.label_thresholds = {0.5f, 0.5f};
  return config;
}

// The fake model's logits: a function of a document's ids alone, in [-4, 4].
inline std::vector<float> FakeLogits(absl::Span<const int32_t> ids, size_t labels) {
  std::vector<float> logits;
  for (size_t label = 0; label < labels; ++label) {
    uint32_t hash = 2166136261u + static_cast<uint32_t>(label);
    for (const int32_t id : ids) hash = (hash ^ static_cast<uint32_t>(id)) * 16777619u;
    logits.push_back(static_cast<float>(hash % 8001) / 1000.0f - 4.0f);
  }
  return logits;
}

// The fake model's evidence: each token's share grows with its id.
inline std::vector<float> FakeEvidence(absl::Span<const int32_t> ids) {
  float total = 0;
  for (const int32_t id : ids) total += static_cast<float>(id + 1);
  std::vector<float> evidence;
  for (const int32_t id : ids) evidence.push_back(static_cast<float>(id + 1) / total);
  return evidence;
}

// A Classifier without a model. Thread-safe; the fields are set before it is used.
class FakeClassifier final : public model::Classifier {
 public:
  explicit FakeClassifier(model::ModelConfig config = SmallConfig(), std::string device = "cpu")
      : config_(std::move(config)), device_(std::move(device)) {}

  // Called at the beginning of each Classify; the batch fails with what it returns.
  std::function<absl::Status(const model::PackedBatch&)> before_classify;
  int batches_at_once = 1;
  int token_budget = std::numeric_limits<int>::max();
  std::optional<model::DeviceMemory> memory;

  // The device fails: every batch from now on, and those under way.
  void Lose() { lost_ = true; }

  // The batches so far, each as the lengths of its documents.
  std::vector<std::vector<int>> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }

  const model::ModelConfig& config() const override { return config_; }
  std::string device() const override { return device_; }
  model::Precision precision() const override { return model::Precision::kFloat32; }
  int64_t weight_bytes() const override { return 0; }
  int concurrency() const override { return batches_at_once; }
  int max_batch_tokens() const override { return token_budget; }
  absl::Status health() const override {
    return lost_ ? absl::UnavailableError(device_ + " is lost") : absl::OkStatus();
  }
  std::optional<model::DeviceMemory> device_memory() const override { return memory; }

  absl::Status Validate(absl::Span<const int32_t> ids) const override {
    if (ids.empty() || static_cast<int>(ids.size()) > config_.max_tokens()) {
      return absl::InvalidArgumentError("bad length");
    }
    for (const int32_t id : ids) {
      if (id < 0 || id >= config_.vocab_size || id == config_.pad_token_id) {
        return absl::InvalidArgumentError("bad id");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<model::Classification>> Classify(
      const model::PackedBatch& batch, const std::vector<bool>& evidence) const override {
    Record(batch);
    if (before_classify) {
      if (absl::Status status = before_classify(batch); !status.ok()) return status;
    }
    if (lost_) return absl::InternalError("an illegal address was read");
    std::vector<model::Classification> answers(batch.documents());
    for (int i = 0; i < batch.documents(); ++i) {
      answers[i].logits = FakeLogits(batch.document(i), config_.labels.size());
      if (!evidence.empty() && evidence[i]) answers[i].evidence = FakeEvidence(batch.document(i));
    }
    return answers;
  }

 private:
  void Record(const model::PackedBatch& batch) const {
    std::vector<int> lengths;
    for (int i = 0; i < batch.documents(); ++i) lengths.push_back(batch.length(i));
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(lengths));
  }

  const model::ModelConfig config_;
  const std::string device_;
  std::atomic<bool> lost_ = false;
  mutable std::mutex mutex_;
  mutable std::vector<std::vector<int>> batches_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_FAKE_CLASSIFIER_H_
