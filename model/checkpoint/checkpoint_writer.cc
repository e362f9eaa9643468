#include "model/checkpoint/checkpoint_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/narrowing.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::ordered_json;

constexpr char kMetadataKey[] = "__metadata__";
constexpr size_t kAlignment = 64;
// Elements turned into bytes at a time.
constexpr size_t kChunk = 1 << 18;

template <uint16_t (*kNarrow)(float)>
std::string NarrowAll(absl::Span<const float> values) {
  std::string bytes(values.size() * sizeof(uint16_t), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t narrow = kNarrow(values[i]);
    std::memcpy(&bytes[i * sizeof(narrow)], &narrow, sizeof(narrow));
  }
  return bytes;
}

// Whether a finite number becomes infinite in `type`.
bool Overflows(float value, StoredType type) {
  if (type == StoredType::kFloat32 || !std::isfinite(value)) return false;
  const float magnitude = std::fabs(value);
  return type == StoredType::kFloat16 ? (NarrowToFloat16(magnitude) == 0x7c00)
                                      : (NarrowToBFloat16(magnitude) == 0x7f80);
}

absl::Status CheckTensor(const std::string& path, const NamedTensor& tensor, StoredType type) {
  const bool is_shape = std::all_of(tensor.shape.begin(), tensor.shape.end(),
                                    [](int64_t extent) { return extent >= 0; });
  const std::optional<int64_t> count =
      is_shape ? ElementCount(tensor.shape) : std::optional<int64_t>();
  if (!count.has_value() || static_cast<uint64_t>(*count) != tensor.values.size()) {
    return InvalidTensor(path, tensor.name,
                         absl::StrCat("found ", tensor.values.size(), " values, expected shape ",
                                      ShapeText(tensor.shape)));
  }
  const auto overflow = std::find_if(tensor.values.begin(), tensor.values.end(),
                                     [&](float value) { return Overflows(value, type); });
  if (overflow == tensor.values.end()) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat(path, ": tensor ", Printable(tensor.name), ": found ",
                                            *overflow, ", more than ", StoredTypeName(type),
                                            " can hold"));
}

absl::Status CheckTensors(const std::string& path, absl::Span<const NamedTensor> tensors,
                          StoredType type) {
  absl::flat_hash_set<absl::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == kMetadataKey || !names.insert(tensor.name).second) {
      return InvalidTensor(path, tensor.name,
                           "found twice or reserved, expected names that differ");
    }
    const absl::Status checked = CheckTensor(path, tensor, type);
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

// The header's length and the header, filled up with spaces to a multiple of kAlignment.
std::string Header(absl::Span<const NamedTensor> tensors, StoredType type,
                   const Metadata& metadata) {
  ordered_json header;
  header[kMetadataKey]["format"] = "pt";
  for (const auto& [key, value] : metadata) header[kMetadataKey][key] = value;
  const size_t element = ElementBytes(StoredTypeName(type));
  size_t begin = 0;
  for (const NamedTensor& tensor : tensors) {
    const size_t end = begin + tensor.values.size() * element;
    header[tensor.name] = {{"dtype", std::string(StoredTypeName(type))},
                           {"shape", tensor.shape},
                           {"data_offsets", {begin, end}}};
    begin = end;
  }
  // Names come from outside: what is no UTF-8 in them is replaced, not thrown at.
  std::string text = header.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  const size_t used = (sizeof(uint64_t) + text.size()) % kAlignment;
  text.append(used == 0 ? 0 : kAlignment - used, ' ');
  const uint64_t length = text.size();
  return absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&length), sizeof(length)),
                      text);
}

absl::Status AppendValues(absl::Span<const float> values, StoredType type, FileWriter& file) {
  for (; !values.empty(); values.remove_prefix(std::min(kChunk, values.size()))) {
    const absl::Status status = file.Append(StoredBytes(values.subspan(0, kChunk), type));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view StoredTypeName(StoredType type) {
  switch (type) {
    case StoredType::kFloat32:
      return "F32";
    case StoredType::kFloat16:
      return "F16";
    case StoredType::kBFloat16:
      return "BF16";
  }
  return "";
}

std::string StoredBytes(absl::Span<const float> values, StoredType type) {
  switch (type) {
    case StoredType::kFloat32:
      return std::string(reinterpret_cast<const char*>(values.data()),
                         values.size() * sizeof(float));
    case StoredType::kFloat16:
      return NarrowAll<NarrowToFloat16>(values);
    case StoredType::kBFloat16:
      return NarrowAll<NarrowToBFloat16>(values);
  }
  return "";
}

std::string PublishedName(absl::string_view name) {
  const bool has_prefix =
      absl::StartsWith(name, "embeddings.") || absl::StartsWith(name, "encoder.");
  return absl::StrCat(has_prefix ? "diffuser." : "", name);
}

absl::Status WriteSafetensors(const std::string& path, absl::Span<const NamedTensor> tensors,
                              StoredType type, const Metadata& metadata) {
  absl::Status status = CheckTensors(path, tensors, type);
  if (!status.ok()) return status;
  absl::StatusOr<FileWriter> file = FileWriter::Create(path);
  if (!file.ok()) return file.status();
  status = file->Append(Header(tensors, type, metadata));
  for (size_t i = 0; i < tensors.size() && status.ok(); ++i) {
    status = AppendValues(tensors[i].values, type, *file);
  }
  if (!status.ok()) return status;
  return file->Commit();
}

}  // namespace diffuser::checkpoint
