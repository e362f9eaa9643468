#include "server/services/service_context.h"

#include "server/metrics/request_ledger.h"

namespace diffuser::services {

ServiceState::ServiceState(const ServiceContext& context) : context_(context) {
  metrics::RequestLedger& requests = context.metrics->requests();
  for (const models::ModelEntry& entry : context.registry->List()) {
    if (models_.empty()) default_model_ = entry.spec.name;
    models_.insert(entry.spec.name);
    for (const char* method : {"Classify", "ClassifyBatch", "ClassifyStream", "GetModel"}) {
      requests.Declare(method, entry.spec.name);
    }
  }
  requests.Declare("ListModels", "");
}

std::string ServiceState::LabelOf(const std::string& requested_model) const {
  if (requested_model.empty()) return default_model_;
  return models_.contains(requested_model) ? requested_model : "";
}

absl::StatusOr<models::ModelEntry> ServiceState::FindReady(const std::string& model,
                                                           const std::string& version) const {
  const auto ready = context_.registry->FindReady(model, version);
  if (!ready.ok()) return ready.status();
  return context_.registry->Find(model, version);  // ready as well: a model stays so
}

void ServiceState::CountRefused(const std::string& label, const absl::Status& status,
                                int documents) {
  const bool is_draining = absl::IsUnavailable(status) && context_.gate->IsClosed();
  if (!is_draining && !absl::IsInvalidArgument(status)) return;
  for (int i = 0; i < documents; ++i) {
    context_.metrics->CountRejected(
        label, is_draining ? metrics::RejectReason::kDraining : metrics::RejectReason::kInvalid);
  }
}

}  // namespace diffuser::services
