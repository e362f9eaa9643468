#ifndef DIFFUSER_SERVER_SERVICES_CALL_METADATA_H_
#define DIFFUSER_SERVER_SERVICES_CALL_METADATA_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/services/request_id.h"
#include "server/services/request_parser.h"

// What all calls do with gRPC's own types.
namespace diffuser::services {

inline absl::string_view MetadataOf(const grpc::ServerContextBase& context, const char* key) {
  const auto found = context.client_metadata().find(key);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.length()};
}

// Chooses the call's id, and sends it back in both metadata. REQUIRES: nothing was sent yet.
inline std::string TakeRequestId(grpc::ServerContextBase& context) {
  std::string id =
      ChooseRequestId(MetadataOf(context, "x-request-id"), MetadataOf(context, "traceparent"));
  context.AddInitialMetadata("x-request-id", id);
  context.AddTrailingMetadata("x-request-id", id);
  return id;
}

inline absl::Time DeadlineOf(const grpc::ServerContextBase& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                  : absl::FromChrono(deadline);
}

// Why gRPC gave a call up: its deadline has passed, or the caller went away.
inline absl::Status CancelledBy(absl::Time deadline) {
  return absl::Now() >= deadline ? absl::DeadlineExceededError("the deadline passed")
                                 : absl::CancelledError("the caller went away");
}

// As RequestParser::Parse.
inline absl::StatusOr<std::vector<FieldFault>> ParseBuffer(const RequestParser& parser,
                                                           const grpc::ByteBuffer& buffer,
                                                           google::protobuf::Message& request) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return parser.Parse("", request);
  return parser.Parse({reinterpret_cast<const char*>(slice.begin()), slice.size()}, request);
}

inline grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_CALL_METADATA_H_
