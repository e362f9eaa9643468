#include "model/training/evaluation/line_fields.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/mapped_file.h"

namespace diffuser::training {

absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> ReadLineField(const std::string& path,
                                                                        const std::string& field) {
  using nlohmann::json;
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::flat_hash_map<int64_t, std::string> values;
  int64_t number = 0;
  for (const absl::string_view line : absl::StrSplit(checkpoint::AsText(file->bytes()), '\n')) {
    ++number;
    const json object = json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
    const auto value = object.is_object() ? object.find(field) : object.end();
    if (!object.is_object() || value == object.end()) continue;
    values[number] = value->is_string()
                         ? value->get<std::string>()
                         : value->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return values;
}

}  // namespace diffuser::training
