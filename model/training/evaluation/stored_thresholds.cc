#include "model/training/evaluation/stored_thresholds.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/training/files/whole_file.h"

namespace diffuser::training {
namespace {

using nlohmann::ordered_json;

// The double with the shortest text that reads back as the same float: 0.1, not 0.10000000149.
double Shortest(float value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  double shortest = value;
  std::from_chars(buffer.data(), end, shortest);
  return shortest;
}

}  // namespace

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
  for (size_t i = 0; i < labels.size(); ++i) stored[labels[i]] = Shortest(thresholds[i]);
  config["label_thresholds"] = std::move(stored);
  constexpr auto kReplace = ordered_json::error_handler_t::replace;
  return WriteWholeFile(path, config.dump(2, ' ', false, kReplace) + "\n");
}

}  // namespace diffuser::training
