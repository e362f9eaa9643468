#include "model/training/evaluation/stored_thresholds.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/training/evaluation/shortest_number.h"
#include "model/training/files/whole_file.h"

namespace diffuser::training {

using nlohmann::ordered_json;

absl::Status StoreThresholds(const std::string& dir, const std::vector<std::string>& labels,
                             absl::Span<const float> thresholds) {
  const std::string path = absl::StrCat(dir, "/config.json");
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return text.status();
  ordered_json config = ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no JSON object"));
  }
  ordered_json stored = ordered_json::object();
  for (size_t i = 0; i < labels.size(); ++i) stored[labels[i]] = ShortestNumber(thresholds[i]);
  config["label_thresholds"] = std::move(stored);
  constexpr auto kReplace = ordered_json::error_handler_t::replace;
  return WriteWholeFile(path, config.dump(2, ' ', false, kReplace) + "\n");
}

}  // namespace diffuser::training
