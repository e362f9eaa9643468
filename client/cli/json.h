#ifndef DIFFUSER_CLIENT_CLI_JSON_H_
#define DIFFUSER_CLIENT_CLI_JSON_H_

#include <google/protobuf/duration.pb.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "diffuser/v1/classification.pb.h"

// What --json prints. Names are those of the API; durations are seconds, as numbers, and say so.
namespace diffuser::cli {

// Keeps the order in which fields are set.
using Json = nlohmann::ordered_json;

// One line without its newline. Bytes that are no UTF-8 (file names may hold such) become U+FFFD.
std::string ToLine(const Json& json);

// A float as the shortest number that reads back as the same float; null where it is not finite.
Json FromFloat(float value);

double ToSeconds(const google::protobuf::Duration& duration);

// {"file", "model", "version", "labels", "logits"?, "evidence"?, "usage", "timings"}.
Json AnswerToJson(const std::string& file, const v1::ClassifyResponse& response);

// {"file", "error": {"code", "message"}}.
Json FailureToJson(const std::string& file, const absl::Status& status);

Json ModelToJson(const v1::Model& model);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_JSON_H_
