#include "model/checkpoint/sharded.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/safetensors.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::json;

// The tensors that each shard must hold, by the shard's file name.
using Plan = std::map<std::string, std::set<std::string>>;

// A file in the checkpoint's own directory, and nothing that a path could lead to.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of("/\\\0", 0, 3) == std::string::npos;
}

absl::StatusOr<Plan> ReadPlan(const MappedFile& index, const std::string& path) {
  const absl::StatusOr<json> object = ParseJsonObject(AsText(index.bytes()), path);
  if (!object.ok()) return object.status();
  const auto weight_map = object->find("weight_map");
  if (weight_map == object->end() || !weight_map->is_object() || weight_map->empty()) {
    return Invalid(path,
                   absl::StrCat("key \"weight_map\": found ",
                                weight_map == object->end() ? "nothing" : Describe(*weight_map),
                                ", expected an object of shard names by tensor"));
  }
  Plan plan;
  for (const auto& [tensor, shard] : weight_map->items()) {
    if (!shard.is_string() || !IsPlainFileName(shard.get_ref<const std::string&>())) {
      return InvalidTensor(path, tensor,
                           absl::StrCat("found shard ", Describe(shard),
                                        ", expected the name of a file in the same directory"));
    }
    plan[shard.get<std::string>()].insert(tensor);
  }
  return plan;
}

// Moves a shard's tensors to `all`, after checking that they are the planned ones.
absl::Status MergeShard(StoredTensors shard, const std::set<std::string>& planned,
                        const std::string& path, StoredTensors& all) {
  for (const std::string& name : planned) {
    if (shard.contains(name)) continue;
    return InvalidTensor(
        path, name, absl::StrCat("found nothing, expected it here as ", kShardIndexFile, " says"));
  }
  for (const auto& [name, tensor] : shard) {
    if (planned.contains(name)) continue;
    return InvalidTensor(
        path, name,
        absl::StrCat("found in this shard, expected it only where ", kShardIndexFile, " says"));
  }
  all.merge(shard);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoredTensors> ReadSharded(const std::string& dir, const MappedFile& index,
                                          std::vector<MappedFile>& files) {
  const absl::StatusOr<Plan> plan = ReadPlan(index, absl::StrCat(dir, "/", kShardIndexFile));
  if (!plan.ok()) return plan.status();
  StoredTensors all;
  for (const auto& [shard, planned] : *plan) {
    const std::string path = absl::StrCat(dir, "/", shard);
    absl::StatusOr<MappedFile> file = MappedFile::Open(path);
    if (!file.ok()) return file.status();
    absl::StatusOr<StoredTensors> tensors = ReadSafetensors(file->bytes(), path);
    if (!tensors.ok()) return tensors.status();
    files.push_back(*std::move(file));
    const absl::Status merged = MergeShard(*std::move(tensors), planned, path, all);
    if (!merged.ok()) return merged;
  }
  return all;
}

}  // namespace diffuser::checkpoint
