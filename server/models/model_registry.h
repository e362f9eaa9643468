#ifndef DIFFUSER_SERVER_MODELS_MODEL_REGISTRY_H_
#define DIFFUSER_SERVER_MODELS_MODEL_REGISTRY_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/classifier.h"
#include "model/model_config.h"
#include "server/pipeline/pipeline.h"

namespace diffuser::models {

// A checkpoint that the server was told to serve.
struct ModelSpec {
  std::string name;
  std::string version;  // "1" unless the operator names another
  std::string directory;
  model::Precision precision = model::Precision::kAuto;
};

enum class ModelState { kLoading, kReady, kFailed };

// What computes a model.
struct ReplicaSummary {
  std::string devices;     // "cpu", "cuda:0,cuda:1"; empty: nothing does at present
  std::string precisions;  // of the dense layers: "bfloat16"; several where the devices' differ
};

// A model that answers requests. Immutable.
struct ServedModel {
  model::ModelConfig config;
  ReplicaSummary replicas;
  bool has_tokenizer = false;
  absl::Duration load_time;
  std::shared_ptr<pipeline::Pipeline> pipeline;
};

// A model's place in the registry, as of one moment.
struct ModelEntry {
  ModelSpec spec;
  ModelState state = ModelState::kLoading;
  absl::Status error;                        // of kFailed
  std::shared_ptr<const ServedModel> model;  // of kReady, else null
};

// The models of a server, by name and version. Thread-safe.
class ModelRegistry {
 public:
  // REQUIRES: no two specs have the same name and version; at least one spec.
  explicit ModelRegistry(std::vector<ModelSpec> specs);

  // The model of that name and version, ready to answer. An empty name means the first spec's; an
  // empty version the newest: the last ready one of that name, in the order of the specs.
  // Errors: NOT_FOUND (no such name or version), UNAVAILABLE (still loading: retry; or failed).
  absl::StatusOr<std::shared_ptr<const ServedModel>> FindReady(std::string_view name,
                                                               std::string_view version) const;

  // The entry itself, in any state: the one FindReady gives where it gives one, else the last of
  // that name. Errors: NOT_FOUND.
  absl::StatusOr<ModelEntry> Find(std::string_view name, std::string_view version) const;

  std::vector<ModelEntry> List() const;  // in the order of the specs

  // REQUIRES: `spec` is one of the constructor's, and still loading.
  void SetReady(const ModelSpec& spec, std::shared_ptr<const ServedModel> model);
  void SetFailed(const ModelSpec& spec, absl::Status error);

  // What computes the model has changed. Does nothing before it is ready. REQUIRES: `spec` is one
  // of the constructor's.
  void SetReplicas(const ModelSpec& spec, const ReplicaSummary& replicas);

 private:
  const ModelEntry* Newest(std::string_view name, std::string_view version) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ModelEntry& EntryOf(const ModelSpec& spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable std::mutex mutex_;
  std::vector<ModelEntry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_MODEL_REGISTRY_H_
