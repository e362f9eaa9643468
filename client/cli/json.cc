#include "client/cli/json.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "client/cli/connection.h"

namespace diffuser::cli {
namespace {

Json LabelsToJson(const v1::ClassifyResponse& response) {
  Json labels = Json::array();
  for (const v1::Label& label : response.labels()) {
    labels.push_back(
        {{"label", label.label()}, {"score", FromFloat(label.score())}, {"index", label.index()}});
  }
  return labels;
}

Json LogitsToJson(const v1::ClassifyResponse& response) {
  Json logits = Json::array();
  for (const float logit : response.logits()) logits.push_back(FromFloat(logit));
  return logits;
}

Json EvidenceToJson(const v1::ClassifyResponse& response) {
  Json pieces = Json::array();
  for (const v1::Evidence& evidence : response.evidence()) {
    pieces.push_back({{"begin_byte", evidence.begin_byte()},
                      {"end_byte", evidence.end_byte()},
                      {"begin_token", evidence.begin_token()},
                      {"end_token", evidence.end_token()},
                      {"weight", FromFloat(evidence.weight())}});
  }
  return pieces;
}

Json UsageToJson(const v1::TokenUsage& usage) {
  Json json = {{"seen", usage.seen()},
               {"used", usage.used()},
               {"truncated", usage.truncated()},
               {"chunks", usage.chunks()}};
  if (usage.long_document() != v1::LONG_DOCUMENT_UNSPECIFIED) {
    json["long_document"] = v1::LongDocument_Name(usage.long_document());
  }
  return json;
}

}  // namespace

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json FromFloat(float value) {
  if (!std::isfinite(value)) return nullptr;
  char digits[32];
  *std::to_chars(digits, digits + sizeof digits - 1, value).ptr = '\0';
  return std::strtod(digits, nullptr);
}

double ToSeconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9;
}

Json AnswerToJson(const std::string& file, const v1::ClassifyResponse& response) {
  Json json = {{"file", file},
               {"model", response.model()},
               {"version", response.version()},
               {"labels", LabelsToJson(response)}};
  if (response.logits_size() > 0) json["logits"] = LogitsToJson(response);
  if (response.evidence_size() > 0) json["evidence"] = EvidenceToJson(response);
  json["usage"] = UsageToJson(response.usage());
  const v1::Timings& timings = response.timings();
  json["timings"] = {{"tokenize_seconds", ToSeconds(timings.tokenize())},
                     {"queue_seconds", ToSeconds(timings.queue())},
                     {"compute_seconds", ToSeconds(timings.compute())}};
  return json;
}

Json FailureToJson(const std::string& file, const absl::Status& status) {
  return {{"file", file},
          {"error", {{"code", CodeName(status)}, {"message", std::string(status.message())}}}};
}

Json ModelToJson(const v1::Model& model) {
  Json json = {{"model", model.model()},
               {"version", model.version()},
               {"state", v1::ModelState_Name(model.state())}};
  if (!model.message().empty()) json["message"] = model.message();
  if (model.state() != v1::READY) return json;
  json["problem_type"] = v1::ProblemType_Name(model.problem_type());
  json["labels"] = Json::array();
  for (const std::string& label : model.labels()) json["labels"].push_back(label);
  json["max_tokens"] = model.max_tokens();
  json["vocab_size"] = model.vocab_size();
  json["has_tokenizer"] = model.has_tokenizer();
  json["device"] = model.device();
  json["precision"] = model.precision();
  json["load_seconds"] = ToSeconds(model.load_time());
  return json;
}

}  // namespace diffuser::cli
