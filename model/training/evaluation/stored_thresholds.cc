#include "model/training/evaluation/stored_thresholds.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/shortest_number.h"

namespace diffuser::training {

using nlohmann::ordered_json;

absl::Status StoreThresholds(const std::string& dir, const std::vector<std::string>& labels,
                             absl::Span<const float> thresholds) {
  const std::string path = absl::StrCat(dir, "/config.json");
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::string_view text = checkpoint::AsText(file->bytes());
  ordered_json config =
      ordered_json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no JSON object"));
  }
  ordered_json stored = ordered_json::object();
  for (size_t i = 0; i < labels.size(); ++i)
    stored[labels[i]] = checkpoint::ShortestNumber(thresholds[i]);
  config["label_thresholds"] = std::move(stored);
  constexpr auto kReplace = ordered_json::error_handler_t::replace;
  return checkpoint::WriteFileAtomically(path, config.dump(2, ' ', false, kReplace) + "\n");
}

}  // namespace diffuser::training
