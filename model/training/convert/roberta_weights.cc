#include "model/training/convert/roberta_weights.h"

#include <cmath>
#include <numbers>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/state_dict.h"

namespace diffuser::training {
namespace {

using checkpoint::ExpectedTensor;
using checkpoint::StoredTensor;
using checkpoint::StoredTensors;
using model::ModelConfig;

constexpr absl::string_view kPrefix = "roberta.";
constexpr absl::string_view kHeadPrefix = "classifier.";
constexpr char kPositions[] = "embeddings.position_embeddings.weight";
constexpr float kDeviation = 0.02f;

// Buffers that older files hold, rebuilt from nothing.
bool IsBuffer(absl::string_view name) {
  return name == "embeddings.position_ids" || name == "embeddings.token_type_ids";
}

bool IsDropped(absl::string_view name) {
  return absl::StartsWith(name, "pooler.") || absl::StartsWith(name, "lm_head.");
}

// The tensors without the prefix, those that are not wanted left out.
absl::StatusOr<StoredTensors> Strip(const StoredTensors& stored,
                                    std::vector<std::string>& dropped) {
  StoredTensors plain;
  for (const auto& [name, tensor] : stored) {
    const absl::string_view stripped = absl::StripPrefix(name, kPrefix);
    if (IsBuffer(stripped)) continue;
    if (IsDropped(stripped)) {
      dropped.emplace_back(stripped);
    } else if (!plain.try_emplace(std::string(stripped), tensor).second) {
      return checkpoint::InvalidTensor(
          tensor.file, stripped,
          absl::StrCat("found with and without the prefix ", kPrefix, ", expected it once"));
    }
  }
  return plain;
}

// Takes the classification head out.
void DropHead(StoredTensors& stored, std::vector<std::string>& dropped) {
  for (auto entry = stored.begin(); entry != stored.end();) {
    if (!absl::StartsWith(entry->first, kHeadPrefix)) {
      ++entry;
      continue;
    }
    dropped.push_back(entry->first);
    entry = stored.erase(entry);
  }
}

// Why the head cannot be kept; empty where it can.
std::string HeadFault(const StoredTensors& stored, size_t labels) {
  const auto head = stored.find("classifier.out_proj.weight");
  if (head == stored.end()) return "the checkpoint has none";
  const std::vector<int64_t>& shape = head->second.shape;
  const int64_t found = shape.empty() ? 0 : shape[0];
  if (found == static_cast<int64_t>(labels)) return "";
  return absl::StrCat("the checkpoint's is for ", found, " labels, not ", labels);
}

// Numbers from a normal distribution around 0, by a method that no standard library changes.
std::vector<float> DrawNormal(int64_t count, std::mt19937_64& random) {
  const auto unit = [&] { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; };
  std::vector<float> numbers(count);
  for (float& number : numbers) {  // Box and Muller
    const double radius = std::sqrt(-2 * std::log(unit()));
    number = static_cast<float>(kDeviation * radius * std::cos(2 * std::numbers::pi * unit()));
  }
  return numbers;
}

// Adds a new head, whose numbers are in `values` from then on.
void AddHead(const ModelConfig& config, uint64_t seed, StoredTensors& stored,
             std::deque<std::vector<float>>& values) {
  std::mt19937_64 random(seed);
  for (const ExpectedTensor& tensor : checkpoint::ExpectedTensors(config)) {
    if (!absl::StartsWith(tensor.name, kHeadPrefix)) continue;
    const int64_t count = *checkpoint::ElementCount(tensor.shape);
    const bool is_bias = tensor.shape.size() == 1;
    const std::vector<float>& drawn =
        values.emplace_back(is_bias ? std::vector<float>(count) : DrawNormal(count, random));
    const checkpoint::Bytes bytes(reinterpret_cast<const std::byte*>(drawn.data()),
                                  drawn.size() * sizeof(float));
    stored[tensor.name] = StoredTensor{"the new head", "F32", tensor.shape, {}, bytes};
  }
}

}  // namespace

std::vector<float> RepeatPositions(absl::Span<const float> rows, int hidden, int kept, int to) {
  const int from = static_cast<int>(rows.size()) / hidden;
  std::vector<float> repeated;
  repeated.reserve(static_cast<size_t>(to) * hidden);
  for (int row = 0; row < to; ++row) {
    const int source = row < kept ? row : kept + (row - kept) % (from - kept);
    const auto values = rows.subspan(static_cast<size_t>(source) * hidden, hidden);
    repeated.insert(repeated.end(), values.begin(), values.end());
  }
  return repeated;
}

absl::StatusOr<ConvertedWeights> ConvertWeights(const RobertaConfig& config,
                                                const checkpoint::WeightFiles& files,
                                                uint64_t seed) {
  ConvertedWeights converted;
  absl::StatusOr<StoredTensors> stored = Strip(files.tensors, converted.dropped);
  if (!stored.ok()) return stored.status();
  converted.new_head_reason = HeadFault(*stored, config.target.labels.size());
  std::deque<std::vector<float>> head;
  if (!converted.new_head_reason.empty()) {
    DropHead(*stored, converted.dropped);
    AddHead(config.source, seed, *stored, head);
  }
  const absl::StatusOr<checkpoint::StateDict> state =
      checkpoint::MakeStateDict(config.source, *std::move(stored), files.origin);
  if (!state.ok()) return state.status();
  for (const ExpectedTensor& expected : checkpoint::ExpectedTensors(config.target)) {
    const checkpoint::Tensor& tensor = state->tensors.at(expected.name);
    std::vector<float> values(tensor.elements());
    tensor.CopyTo(absl::MakeSpan(values));
    if (expected.name == kPositions) {
      values = RepeatPositions(values, config.target.hidden_size, config.target.pad_token_id + 1,
                               config.target.max_position_embeddings);
    }
    const std::vector<float>& kept = converted.values.emplace_back(std::move(values));
    converted.tensors.push_back({checkpoint::PublishedName(expected.name), expected.shape, kept});
  }
  return converted;
}

}  // namespace diffuser::training
