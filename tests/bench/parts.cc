#include "tests/bench/parts.h"

#include <limits>

#include "tests/bench/stopwatch.h"

namespace diffuser::bench {
namespace {

using model::Part;

struct NamedPart {
  std::string_view name;
  Part part;
};

constexpr NamedPart kOnTheCaller[] = {
    {"embeddings", Part::kEmbeddings},
    {"projections", Part::kProjections},
    {"feed-forward", Part::kFeedForward},
    {"norms", Part::kNorms},
    {"head", Part::kHead},
};
constexpr NamedPart kOfTheAttention[] = {
    {"layout", Part::kLayout},
    {"scores", Part::kScores},
    {"softmax", Part::kSoftmax},
    {"local and column hops", Part::kDenseHops},
    {"global row hops", Part::kGlobalHops},
    {"random hops", Part::kRandomHops},
    {"backward hops", Part::kBackwardHops},
};
constexpr char kAttentionRest[] = "attention, rest";
constexpr char kRest[] = "rest";
constexpr char kLastLayer[] = "last layer";

}  // namespace

const std::vector<std::string>& PartNames() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> all;
    for (const NamedPart& part : kOnTheCaller) all.emplace_back(part.name);
    for (const NamedPart& part : kOfTheAttention) all.emplace_back(part.name);
    all.insert(all.end(), {kAttentionRest, kRest, kLastLayer});
    return all;
  }());
  return names;
}

std::map<std::string, double> SharesOf(const model::Profile& profile, int threads, double whole) {
  std::map<std::string, double> parts;
  const double attention = profile.seconds(Part::kAttention);
  double rest = whole - attention;
  for (const NamedPart& part : kOnTheCaller) {
    rest -= parts[std::string(part.name)] = profile.seconds(part.part);
  }
  double attention_rest = attention;
  for (const NamedPart& part : kOfTheAttention) {
    attention_rest -= parts[std::string(part.name)] = profile.seconds(part.part) / threads;
  }
  parts[kAttentionRest] = attention_rest;
  parts[kRest] = rest;
  parts[kLastLayer] = profile.seconds(Part::kLastLayer);
  return parts;
}

absl::Status MeasureParts(const model::Classifier& engine, const model::PackedBatch& batch,
                          int threads, std::map<std::string, double>& parts) {
  constexpr int kRuns = 2;
  double fastest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    model::Profile profile;
    model::installed_profile = &profile;
    const Stopwatch whole;
    const auto answers = engine.Classify(batch, {});
    const double seconds = whole.seconds();
    model::installed_profile = nullptr;
    if (!answers.ok()) return answers.status();
    if (seconds >= fastest) continue;
    fastest = seconds;
    parts = SharesOf(profile, threads, seconds);
  }
  return absl::OkStatus();
}

}  // namespace diffuser::bench
