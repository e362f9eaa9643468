#include "model/checkpoint/weight_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/sharded.h"
#include "model/checkpoint/torch_file.h"

namespace diffuser::checkpoint {
namespace {

constexpr char kSafetensorsFile[] = "model.safetensors";
constexpr char kTorchFile[] = "pytorch_model.bin";

using ReadFile = absl::StatusOr<StoredTensors> (*)(Bytes file, absl::string_view origin);

absl::StatusOr<WeightFiles> ReadWhole(const std::string& path, MappedFile file, ReadFile read) {
  absl::StatusOr<StoredTensors> tensors = read(file.bytes(), path);
  if (!tensors.ok()) return tensors.status();
  WeightFiles weights{path, *std::move(tensors), {}};
  weights.files.push_back(std::move(file));
  return weights;
}

absl::StatusOr<WeightFiles> ReadShards(const std::string& dir, MappedFile index) {
  WeightFiles weights{absl::StrCat(dir, "/", kShardIndexFile), {}, {}};
  absl::StatusOr<StoredTensors> tensors = ReadSharded(dir, index, weights.files);
  if (!tensors.ok()) return tensors.status();
  weights.tensors = *std::move(tensors);
  return weights;
}

}  // namespace

absl::StatusOr<WeightFiles> ReadWeightFiles(const std::string& dir) {
  for (const char* name : {kSafetensorsFile, kShardIndexFile, kTorchFile}) {
    const std::string path = absl::StrCat(dir, "/", name);
    absl::StatusOr<MappedFile> file = MappedFile::Open(path);
    if (absl::IsNotFound(file.status())) continue;
    if (!file.ok()) return file.status();
    if (name == kShardIndexFile) return ReadShards(dir, *std::move(file));
    return ReadWhole(path, *std::move(file), name == kTorchFile ? ReadTorchFile : ReadSafetensors);
  }
  return absl::NotFoundError(absl::StrCat(dir, ": found no weights, expected ", kSafetensorsFile,
                                          ", ", kShardIndexFile, " or ", kTorchFile));
}

}  // namespace diffuser::checkpoint
