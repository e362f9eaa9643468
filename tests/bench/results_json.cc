#include "tests/bench/results_json.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "tests/bench/requirements.h"
#include "tests/bench/statistics.h"

namespace diffuser::bench {
namespace {

using Json = nlohmann::ordered_json;
using ParsedJson = nlohmann::json;

Json FromSummary(const Summary& summary) {
  return {{"median", summary.median}, {"least", summary.least}, {"most", summary.most}};
}

Json FromCase(const CaseResult& result) {
  Json json = {{"name", result.name},
               {"documents", result.documents},
               {"tokens", result.tokens},
               {"engine_seconds", result.engine},
               {"floor_seconds", result.floor},
               {"needed_floor_seconds", result.needed_floor},
               {"engine_cpu_seconds", result.engine_cpu},
               {"floor_cpu_seconds", result.floor_cpu},
               {"engine_operations", result.engine_operations},
               {"floor_operations", result.floor_operations},
               {"part_seconds", result.parts}};
  for (const auto& [part, work] : result.work) {
    json["part_work"][part] = {{"operations", work.operations}, {"bytes", work.bytes}};
  }
  if (!result.one_by_one.empty()) json["one_by_one_seconds"] = result.one_by_one;
  if (result.peak_bytes.has_value()) json["peak_bytes"] = *result.peak_bytes;
  json["median_engine_seconds"] = Median(result.engine);
  json["median_floor_seconds"] = Median(result.floor);
  json["ratio_to_floor"] = FromSummary(Summarize(Ratios(result.engine, result.floor)));
  return json;
}

Json FromEngine(const EngineResult& result) {
  Json cases = Json::array();
  for (const CaseResult& of_case : result.cases) cases.push_back(FromCase(of_case));
  Json json = {{"checkpoint", result.checkpoint},           {"precision", result.precision},
               {"floor_precision", result.floor_precision}, {"weight_bytes", result.weight_bytes},
               {"start_up_seconds", result.start_up},       {"cases", std::move(cases)}};
  if (result.device_bytes.has_value()) json["device_bytes"] = *result.device_bytes;
  return json;
}

Json FromRequirement(const Requirement& requirement) {
  Json json = {{"what", requirement.what},
               {"precision", requirement.precision},
               {"unit", requirement.unit},
               {"must", requirement.must},
               {"aim", requirement.aim}};
  if (requirement.reached.has_value()) json["reached"] = FromSummary(*requirement.reached);
  return json;
}

CaseResult ToCase(const ParsedJson& json) {
  CaseResult result{.name = json.at("name"),
                    .documents = json.at("documents"),
                    .tokens = json.at("tokens"),
                    .engine = json.at("engine_seconds"),
                    .floor = json.at("floor_seconds"),
                    .needed_floor = json.at("needed_floor_seconds"),
                    .engine_cpu = json.at("engine_cpu_seconds"),
                    .floor_cpu = json.at("floor_cpu_seconds"),
                    .engine_operations = json.at("engine_operations"),
                    .floor_operations = json.at("floor_operations"),
                    .parts = json.at("part_seconds")};
  if (json.contains("one_by_one_seconds")) {
    json.at("one_by_one_seconds").get_to(result.one_by_one);
  }
  if (json.contains("peak_bytes")) result.peak_bytes = json.at("peak_bytes").get<int64_t>();
  if (!json.contains("part_work")) return result;
  for (const auto& [part, work] : json.at("part_work").items()) {
    result.work[part] = {.operations = work.at("operations"), .bytes = work.at("bytes")};
  }
  return result;
}

EngineResult ToEngine(const ParsedJson& json) {
  EngineResult result{.checkpoint = json.at("checkpoint"),
                      .precision = json.at("precision"),
                      .floor_precision = json.at("floor_precision"),
                      .weight_bytes = json.at("weight_bytes"),
                      .start_up = json.at("start_up_seconds")};
  if (json.contains("device_bytes")) result.device_bytes = json.at("device_bytes").get<int64_t>();
  for (const ParsedJson& of_case : json.at("cases")) result.cases.push_back(ToCase(of_case));
  return result;
}

// Runs from before there were devices name none.
Machine ToMachine(const ParsedJson& json) {
  return {.processor = json.at("processor"),
          .cores = json.at("cores"),
          .threads = json.at("threads"),
          .isa = json.at("isa"),
          .device = json.value("device", "cpu")};
}

// What a reader computes ratios from.
absl::Status CheckSamples(const RunResult& run, absl::string_view origin) {
  for (const EngineResult& engine : run.engines) {
    for (const CaseResult& of_case : engine.cases) {
      const size_t count = of_case.engine.size();
      const auto is_complete = [count](const std::vector<double>& samples) {
        return count > 0 && samples.size() == count;
      };
      if (is_complete(of_case.floor) && is_complete(of_case.needed_floor) &&
          is_complete(of_case.engine_cpu) && is_complete(of_case.floor_cpu) &&
          (of_case.one_by_one.empty() || is_complete(of_case.one_by_one))) {
        continue;
      }
      return absl::InvalidArgumentError(
          absl::StrCat(origin, ": case ", of_case.name,
                       ": expected as many seconds of the engine as of what it is compared with"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Json ToJson(const RunResult& run) {
  Json engines = Json::array();
  for (const EngineResult& engine : run.engines) engines.push_back(FromEngine(engine));
  Json requirements = Json::array();
  for (const Requirement& requirement : CheckRequirements(run)) {
    requirements.push_back(FromRequirement(requirement));
  }
  return {{"date", run.date},
          {"revision", run.revision},
          {"machine",
           {{"processor", run.machine.processor},
            {"cores", run.machine.cores},
            {"threads", run.machine.threads},
            {"isa", run.machine.isa},
            {"device", run.machine.device}}},
          {"reused_floor_memory", run.reused_floor_memory},
          {"requirements", std::move(requirements)},
          {"engines", std::move(engines)}};
}

absl::StatusOr<RunResult> ParseRun(absl::string_view json, absl::string_view origin) {
  const auto object = checkpoint::ParseJsonObject(json, origin);
  if (!object.ok()) return object.status();
  RunResult run;
  try {
    run.date = object->at("date");
    run.revision = object->at("revision");
    run.machine = ToMachine(object->at("machine"));
    run.reused_floor_memory = object->at("reused_floor_memory");
    for (const ParsedJson& engine : object->at("engines")) run.engines.push_back(ToEngine(engine));
  } catch (const ParsedJson::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(origin, ": no result of diffuser-bench: ", error.what()));
  }
  if (absl::Status status = CheckSamples(run, origin); !status.ok()) return status;
  return run;
}

}  // namespace diffuser::bench
