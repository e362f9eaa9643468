#include "tests/bench/requirements.h"

#include <algorithm>

namespace diffuser::bench {
namespace {

constexpr char kShape[] = "base";
constexpr char kLongest[] = "4096";

// Samples per token.
std::vector<double> PerToken(const CaseResult& result) {
  std::vector<double> seconds = result.engine;
  for (double& sample : seconds) sample /= result.tokens;
  return seconds;
}

// Calls `reach` with the case of that engine, if both were measured.
template <typename Reach>
std::optional<Summary> Reached(const EngineResult* engine, const std::string& name, Reach reach) {
  const CaseResult* result = engine == nullptr ? nullptr : FindCase(*engine, name);
  if (result == nullptr) return std::nullopt;
  return reach(*result);
}

std::optional<Summary> ToFloor(const EngineResult* engine, const std::string& name) {
  return Reached(engine, name, [](const CaseResult& result) {
    return Summarize(Ratios(result.engine, result.floor));
  });
}

Requirement OfFloat32(const RunResult& run) {
  return {.what = "4,096 tokens / float32 linear layers alone",
          .precision = "float32",
          .unit = "",
          .must = 1.30,
          .aim = 1.10,
          .reached = ToFloor(FindEngine(run, kShape, "float32"), kLongest)};
}

Requirement OfBFloat16(const RunResult& run) {
  return {.what = "4,096 tokens / bfloat16 linear layers alone",
          .precision = "bfloat16",
          .unit = "",
          .must = 1.60,
          .aim = 1.25,
          .reached = ToFloor(FindEngine(run, kShape, "bfloat16"), kLongest)};
}

// Where the machine has no bfloat16, int8 is held to the float32 engine.
Requirement OfInt8(const RunResult& run) {
  const EngineResult* engine = FindEngine(run, kShape, "int8");
  if (engine == nullptr || engine->floor_precision == "bfloat16") {
    return {.what = "4,096 tokens / bfloat16 linear layers alone",
            .precision = "int8",
            .unit = "",
            .must = 1.10,
            .aim = 0.80,
            .reached = ToFloor(engine, kLongest)};
  }
  const EngineResult* float32 = FindEngine(run, kShape, "float32");
  const auto reach = [&](const CaseResult& int8) {
    return Reached(float32, kLongest, [&](const CaseResult& other) {
      return Summarize(Ratios(int8.engine, other.engine));
    });
  };
  const CaseResult* int8 = FindCase(*engine, kLongest);
  return {.what = "4,096 tokens / float32 engine",
          .precision = "int8",
          .unit = "",
          .must = 0.75,
          .aim = 0.50,
          .reached = int8 == nullptr ? std::nullopt : reach(*int8)};
}

// What is asked in every precision.
void AppendGeneral(const EngineResult& engine, std::vector<Requirement>& requirements) {
  const auto per_token = Reached(&engine, kLongest, [&](const CaseResult& longest) {
    return Reached(&engine, "512", [&](const CaseResult& shorter) -> std::optional<Summary> {
      return Summarize(Ratios(PerToken(longest), PerToken(shorter)));
    });
  });
  const auto packed =
      Reached(&engine, "mixed", [](const CaseResult& result) -> std::optional<Summary> {
        if (result.one_by_one.empty()) return std::nullopt;
        return Summarize(Ratios(result.engine, result.one_by_one));
      });
  std::optional<Summary> start_up;
  if (!engine.start_up.empty()) start_up = Summarize(engine.start_up);
  requirements.insert(
      requirements.end(),
      {{"a token's seconds at 4,096 / at 512 tokens", engine.precision, "", 1.35, 1.15, per_token},
       {"mixed lengths, packed / one by one", engine.precision, "", 1.02, 0.90, packed},
       {"64 documents of 64 tokens / linear layers alone", engine.precision, "", 1.25, 1.10,
        ToFloor(&engine, "64x64")},
       {"process start to first answer", engine.precision, "s", 2.0, 0.7, start_up}});
}

Requirement OfMemory(const RunResult& run) {
  const auto megabytes = [](const CaseResult& result) -> std::optional<Summary> {
    if (!result.peak_bytes.has_value()) return std::nullopt;
    return Summarize({1e-6 * static_cast<double>(*result.peak_bytes)});
  };
  return {.what = "peak memory above the weights, 4,096 tokens",
          .precision = "float32",
          .unit = "MB",
          .must = 250,
          .aim = 120,
          .reached = Reached(FindEngine(run, kShape, "float32"), kLongest, megabytes)};
}

}  // namespace

std::string Verdict(const Requirement& requirement) {
  if (!requirement.reached.has_value()) return "not measured";
  if (requirement.reached->median <= requirement.aim) return "aim";
  return requirement.reached->median <= requirement.must ? "must" : "missed";
}

std::vector<Requirement> CheckRequirements(const RunResult& run) {
  if (run.machine.device != "cpu") return {};
  std::vector<Requirement> requirements = {OfFloat32(run), OfBFloat16(run), OfInt8(run),
                                           OfMemory(run)};
  for (const EngineResult& engine : run.engines) {
    if (engine.checkpoint == kShape) AppendGeneral(engine, requirements);
  }
  return requirements;
}

}  // namespace diffuser::bench
