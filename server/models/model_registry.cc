#include "server/models/model_registry.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace diffuser::models {
namespace {

std::string Describe(const ModelSpec& spec) {
  return absl::StrCat("model '", spec.name, "' version '", spec.version, "'");
}

}  // namespace

ModelRegistry::ModelRegistry(std::vector<ModelSpec> specs) {
  entries_.resize(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) entries_[i].spec = std::move(specs[i]);
}

// The last that matches, a ready one if there is any; null if none matches.
const ModelEntry* ModelRegistry::Newest(std::string_view name, std::string_view version) const {
  const std::string_view wanted_name = name.empty() ? entries_.front().spec.name : name;
  const ModelEntry* newest = nullptr;
  for (const ModelEntry& entry : entries_) {
    if (entry.spec.name != wanted_name) continue;
    if (!version.empty() && entry.spec.version != version) continue;
    if (newest == nullptr || newest->state != ModelState::kReady ||
        entry.state == ModelState::kReady) {
      newest = &entry;
    }
  }
  return newest;
}

absl::StatusOr<ModelEntry> ModelRegistry::Find(std::string_view name,
                                               std::string_view version) const {
  {
    const std::lock_guard lock(mutex_);
    if (const ModelEntry* entry = Newest(name, version)) return *entry;
  }
  const std::string model = absl::StrCat("no model '", std::string(name), "'");
  return absl::NotFoundError(
      version.empty() ? model : absl::StrCat(model, " version '", std::string(version), "'"));
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::FindReady(
    std::string_view name, std::string_view version) const {
  absl::StatusOr<ModelEntry> entry = Find(name, version);
  if (!entry.ok()) return entry.status();
  switch (entry->state) {
    case ModelState::kReady:
      return std::move(entry->model);
    case ModelState::kFailed:
      return absl::UnavailableError(absl::StrCat(Describe(entry->spec), " could not be loaded"));
    case ModelState::kLoading:
      break;
  }
  return absl::UnavailableError(absl::StrCat(Describe(entry->spec), " is still loading"));
}

std::vector<ModelEntry> ModelRegistry::List() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

void ModelRegistry::SetReady(const ModelSpec& spec, std::shared_ptr<const ServedModel> model) {
  const std::lock_guard lock(mutex_);
  ModelEntry& entry = EntryOf(spec);
  entry.state = ModelState::kReady;
  entry.model = std::move(model);
}

void ModelRegistry::SetFailed(const ModelSpec& spec, absl::Status error) {
  const std::lock_guard lock(mutex_);
  ModelEntry& entry = EntryOf(spec);
  entry.state = ModelState::kFailed;
  entry.error = std::move(error);
}

void ModelRegistry::SetReplicas(const ModelSpec& spec, const ReplicaSummary& replicas) {
  const std::lock_guard lock(mutex_);
  ModelEntry& entry = EntryOf(spec);
  if (entry.state != ModelState::kReady) return;
  ServedModel changed = *entry.model;
  changed.replicas = replicas;
  entry.model = std::make_shared<const ServedModel>(std::move(changed));
}

ModelEntry& ModelRegistry::EntryOf(const ModelSpec& spec) {
  return *std::find_if(entries_.begin(), entries_.end(), [&](const ModelEntry& entry) {
    return entry.spec.name == spec.name && entry.spec.version == spec.version;
  });
}

}  // namespace diffuser::models
