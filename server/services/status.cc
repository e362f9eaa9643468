#include "server/services/status.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"

namespace diffuser::services {
namespace {

constexpr absl::string_view kDocument = "document";

// The field that a message names: "options.top_k: must not be negative". Empty if none.
absl::string_view FieldOf(absl::string_view message) {
  const absl::string_view field = message.substr(0, message.find(": "));
  const auto is_of_a_path = [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) ||
           absl::StrContains("_.[]", std::string(1, c));
  };
  const bool is_path =
      field.size() < message.size() && std::all_of(field.begin(), field.end(), is_of_a_path);
  return is_path ? field : "";
}

bool IsOfTheContract(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

void AddBadRequest(absl::string_view message, google::rpc::Status& rpc) {
  const absl::string_view field = FieldOf(message);
  if (field.empty()) return;
  google::rpc::BadRequest details;
  google::rpc::BadRequest::FieldViolation& violation = *details.add_field_violations();
  violation.set_field(std::string(field));
  violation.set_description(std::string(message.substr(field.size() + 2)));
  rpc.add_details()->PackFrom(details);
}

void AddRetryInfo(absl::Duration retry_after, google::rpc::Status& rpc) {
  google::rpc::RetryInfo details;
  const int64_t nanos = absl::ToInt64Nanoseconds(retry_after);
  details.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  details.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  rpc.add_details()->PackFrom(details);
}

}  // namespace

absl::Status InvalidField(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

absl::Status InvalidField(const FieldFault& fault) {
  return InvalidField(fault.field, fault.problem);
}

absl::Status RenameDocument(const absl::Status& status, absl::string_view field) {
  absl::string_view message = status.message();
  const absl::string_view named = FieldOf(message);
  if (named != kDocument && !absl::StartsWith(named, "document.")) return status;
  absl::ConsumePrefix(&message, kDocument);
  return absl::Status(status.code(), absl::StrCat(field, message));
}

google::rpc::Status ToRpcStatus(const absl::Status& status, const ErrorContext& context) {
  google::rpc::Status rpc;
  if (!IsOfTheContract(status.code())) {
    rpc.set_code(static_cast<int>(absl::StatusCode::kInternal));
    rpc.set_message(absl::StrCat(
        "internal error; the server's log has the details under request id ", context.request_id));
    return rpc;
  }
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(std::string(status.message()));
  if (absl::IsInvalidArgument(status)) AddBadRequest(status.message(), rpc);
  if (absl::IsResourceExhausted(status)) AddRetryInfo(context.retry_after, rpc);
  return rpc;
}

grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc = ToRpcStatus(status, context);
  return {static_cast<grpc::StatusCode>(rpc.code()), rpc.message(), rpc.SerializeAsString()};
}

}  // namespace diffuser::services
