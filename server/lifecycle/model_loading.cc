#include "server/lifecycle/model_loading.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace diffuser::lifecycle {

ModelLoading::~ModelLoading() {
  if (thread_.joinable()) thread_.join();
}

void ModelLoading::Start(std::function<void(absl::Status)> on_done) {
  for (const models::ModelEntry& entry : parts_.registry->List()) {
    parts_.metrics->SetModelLoaded(entry.spec.name, entry.spec.version, false);
  }
  thread_ = std::thread([this, on_done = std::move(on_done)] { on_done(LoadAll()); });
}

absl::Status ModelLoading::LoadAll() {
  for (const models::ModelEntry& entry : parts_.registry->List()) {
    if (absl::Status status = LoadOne(entry.spec); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ModelLoading::LoadOne(const models::ModelSpec& spec) {
  const auto model = parts_.load(spec);
  if (!model.ok()) {
    parts_.registry->SetFailed(spec, model.status());
    return absl::Status(model.status().code(),
                        absl::StrCat("model ", spec.name, " version ", spec.version, " from ",
                                     spec.directory, ": ", model.status().message()));
  }
  parts_.registry->SetReady(spec, *model);
  parts_.metrics->SetModelLoadTime(spec.name, spec.version, (*model)->load_time);
  parts_.metrics->SetModelLoaded(spec.name, spec.version, true);
  parts_.logger->Log(logging::Level::kInfo, "model_ready",
                     {{"model", spec.name},
                      {"version", spec.version},
                      {"directory", spec.directory},
                      {"device", (*model)->replicas.devices},
                      {"precision", (*model)->replicas.precisions},
                      {"max_tokens", (*model)->config.max_tokens()},
                      {"labels", (*model)->config.labels.size()},
                      {"has_tokenizer", (*model)->has_tokenizer},
                      {"load_seconds", absl::ToDoubleSeconds((*model)->load_time)}});
  return absl::OkStatus();
}

}  // namespace diffuser::lifecycle
