#ifndef DIFFUSER_CLIENT_RPC_STATUS_H_
#define DIFFUSER_CLIENT_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace diffuser::client {

// Both give the same code and message; every detail (google.rpc.Status.details) becomes a payload
// of the absl::Status under its type URL, serialized. A code that no one defines becomes UNKNOWN.
absl::Status FromRpcStatus(const google::rpc::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

// `status` with `note` in brackets behind its message; OK stays OK.
absl::Status WithNote(const absl::Status& status, absl::string_view note);

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_RPC_STATUS_H_
