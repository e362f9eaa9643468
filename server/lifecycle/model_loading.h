#ifndef DIFFUSER_SERVER_LIFECYCLE_MODEL_LOADING_H_
#define DIFFUSER_SERVER_LIFECYCLE_MODEL_LOADING_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/logging/logger.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"

namespace diffuser::lifecycle {

// Loads the models of a registry, one after the other, on a thread of its own, and tells registry,
// metrics and log what came of each.
class ModelLoading {
 public:
  // Blocks: for the time of loading.
  using Load = std::function<absl::StatusOr<std::shared_ptr<const models::ServedModel>>(
      const models::ModelSpec& spec)>;

  struct Parts {
    models::ModelRegistry* registry = nullptr;
    metrics::Metrics* metrics = nullptr;
    logging::Logger* logger = nullptr;
    Load load;
  };

  // What `parts` points to must outlive it.
  explicit ModelLoading(Parts parts) : parts_(std::move(parts)) {}

  // Blocks: until the model that is being loaded is.
  ~ModelLoading();
  ModelLoading(const ModelLoading&) = delete;
  ModelLoading& operator=(const ModelLoading&) = delete;

  // Begins. `on_done` is called once, on the loading thread: OK once all models are ready, else
  // the first failure, naming the model, after which no other is loaded. REQUIRES: not begun yet.
  void Start(std::function<void(absl::Status)> on_done);

 private:
  absl::Status LoadAll();
  absl::Status LoadOne(const models::ModelSpec& spec);

  const Parts parts_;
  std::thread thread_;
};

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_MODEL_LOADING_H_
