#include "client/rpc_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace diffuser::client {
namespace {

absl::StatusCode ToCode(int code) {
  constexpr int kLast = static_cast<int>(absl::StatusCode::kUnauthenticated);
  return code < 0 || code > kLast ? absl::StatusCode::kUnknown
                                  : static_cast<absl::StatusCode>(code);
}

void AddPayloads(const google::rpc::Status& from, absl::Status& to) {
  for (const auto& detail : from.details()) {
    to.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
}

}  // namespace

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  absl::Status result(ToCode(status.code()), status.message());
  AddPayloads(status, result);
  return result;
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  absl::Status result(ToCode(status.error_code()), status.error_message());
  google::rpc::Status details;
  if (!status.ok() && details.ParseFromString(status.error_details())) AddPayloads(details, result);
  return result;
}

absl::Status WithNote(const absl::Status& status, absl::string_view note) {
  if (status.ok()) return status;
  absl::Status result(status.code(), absl::StrCat(status.message(), " (", note, ")"));
  status.ForEachPayload([&result](absl::string_view type, const absl::Cord& payload) {
    result.SetPayload(type, payload);
  });
  return result;
}

}  // namespace diffuser::client
