#ifndef DIFFUSER_SERVER_SERVICES_SERVICE_CONTEXT_H_
#define DIFFUSER_SERVER_SERVICES_SERVICE_CONTEXT_H_

#include <set>
#include <string>
#include <utility>

#include "server/logging/logger.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/services/call_gate.h"
#include "server/services/request_parser.h"
#include "server/services/retry_delay.h"

namespace diffuser::services {

struct ServiceLimits {
  int max_batch_documents_per_call = 256;  // > 0
  int max_stream_documents = 64;           // > 0; of one stream, taken but not answered
};

// What the services work with. None of it is owned; all of it outlives the gRPC server and every
// answer of a pipeline.
struct ServiceContext {
  const models::ModelRegistry* registry = nullptr;
  metrics::Metrics* metrics = nullptr;
  logging::Logger* logger = nullptr;
  CallGate* gate = nullptr;
  ServiceLimits limits;
};

// What all calls of the service share. Thread-safe.
class ServiceState {
 public:
  explicit ServiceState(const ServiceContext& context);

  const ServiceContext& context() const { return context_; }
  const RequestParser& parser() const { return parser_; }
  RetryDelay& retry_delay() { return retry_delay_; }

  // The `model` label of a request: the name of the model that it means, or "" if there is none.
  std::string LabelOf(const std::string& requested_model) const;

  // The model that is meant, ready to answer. Errors: those of ModelRegistry::FindReady.
  absl::StatusOr<models::ModelEntry> FindReady(const std::string& model,
                                               const std::string& version) const;

  // Counts documents that get no further than the services, where `status` says that they were
  // refused: INVALID_ARGUMENT as invalid, UNAVAILABLE as draining once the gate is closed.
  void CountRefused(const std::string& label, const absl::Status& status, int documents);

 private:
  const ServiceContext context_;
  const RequestParser parser_;
  RetryDelay retry_delay_;
  std::string default_model_;
  std::set<std::string> models_;
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_SERVICE_CONTEXT_H_
