#ifndef DIFFUSER_SERVER_SERVICES_UNARY_CALL_H_
#define DIFFUSER_SERVER_SERVICES_UNARY_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/pipeline/classify_task.h"
#include "server/services/request_record.h"
#include "server/services/service_context.h"
#include "server/services/status.h"

namespace diffuser::services {

// One unary call, from its arrival until gRPC is done with it and nobody owes it an answer: shared
// by gRPC and by whoever answers. The first answer is sent, later ones go nowhere; a caller that
// goes away, or whose deadline passes, is the first to answer. Thread-safe.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // Begins a call of `method`, which means the model named `model`. `response` is gRPC's.
  static std::shared_ptr<UnaryCall> Begin(ServiceState& state, grpc::CallbackServerContext& context,
                                          const std::string& method, const std::string& model,
                                          grpc::ByteBuffer* response);

  // Whether the call may go on; else the server is draining, and the call has been answered so.
  bool IsAdmitted() const { return admitted_; }

  void Answer(const google::protobuf::Message& message);
  void Fail(const absl::Status& status);

  absl::Time deadline() const { return deadline_; }
  const std::shared_ptr<pipeline::Cancellation>& cancellation() const { return cancellation_; }
  // For statuses of parts of the answer.
  ErrorContext error_context() const;
  const std::string& model_label() const { return record_.name().model; }

 private:
  UnaryCall(ServiceState& state, grpc::CallbackServerContext& context, const std::string& method,
            const std::string& model, grpc::ByteBuffer* response);

  void OnCancel() override;
  void OnDone() override;

  ServiceState& state_;
  grpc::ByteBuffer* const response_;  // gRPC's: valid until the answer
  const absl::Time deadline_;
  const std::shared_ptr<pipeline::Cancellation> cancellation_;
  CallGate::Pass pass_;
  const bool admitted_;
  RequestRecord record_;
  std::atomic<bool> answered_ = false;
  std::shared_ptr<UnaryCall> self_;  // gRPC's share
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_UNARY_CALL_H_
