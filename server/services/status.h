#ifndef DIFFUSER_SERVER_SERVICES_STATUS_H_
#define DIFFUSER_SERVER_SERVICES_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "server/services/field_fault.h"

namespace diffuser::services {

// What an error says beside its code and message.
struct ErrorContext {
  std::string request_id;  // named in the message of internal errors, whose details stay in the log
  absl::Duration retry_after;  // sent with RESOURCE_EXHAUSTED
};

// An INVALID_ARGUMENT that names the field: "options.top_k: must not be negative". The request path
// behind the services words its errors the same way.
absl::Status InvalidField(absl::string_view field, absl::string_view problem);
absl::Status InvalidField(const FieldFault& fault);

// The same error with the field `document`, or one inside it, named `field` instead: documents[3].
absl::Status RenameDocument(const absl::Status& status, absl::string_view field);

// What is sent to a caller: the one place where errors are mapped. Details: google.rpc.BadRequest
// with the field of an INVALID_ARGUMENT, google.rpc.RetryInfo with RESOURCE_EXHAUSTED. Codes that
// the contract does not name become INTERNAL.
google::rpc::Status ToRpcStatus(const absl::Status& status, const ErrorContext& context);

// The same, with the google.rpc.Status as the call's error details.
grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_STATUS_H_
