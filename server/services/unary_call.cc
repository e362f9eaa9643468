#include "server/services/unary_call.h"

#include <utility>

#include "server/services/call_metadata.h"

namespace diffuser::services {

std::shared_ptr<UnaryCall> UnaryCall::Begin(ServiceState& state,
                                            grpc::CallbackServerContext& context,
                                            const std::string& method, const std::string& model,
                                            grpc::ByteBuffer* response) {
  const std::shared_ptr<UnaryCall> call(new UnaryCall(state, context, method, model, response));
  call->self_ = call;
  if (!call->admitted_) call->Fail(absl::UnavailableError("the server is draining"));
  return call;
}

UnaryCall::UnaryCall(ServiceState& state, grpc::CallbackServerContext& context,
                     const std::string& method, const std::string& model,
                     grpc::ByteBuffer* response)
    : state_(state),
      response_(response),
      deadline_(DeadlineOf(context)),
      cancellation_(std::make_shared<pipeline::Cancellation>()),
      pass_(state.context().gate->Enter()),
      admitted_(static_cast<bool>(pass_)),
      record_(state.context(), {.method = method,
                                .model = model,
                                .request_id = TakeRequestId(context),
                                .peer = context.peer()}) {}

void UnaryCall::Answer(const google::protobuf::Message& message) {
  if (answered_.exchange(true)) return;
  *response_ = ToBuffer(message);
  record_.Finish(absl::OkStatus());
  Finish(grpc::Status::OK);
}

void UnaryCall::Fail(const absl::Status& status) {
  if (answered_.exchange(true)) return;
  record_.Finish(status);
  Finish(ToGrpcStatus(status, error_context()));
}

ErrorContext UnaryCall::error_context() const {
  return {.request_id = record_.name().request_id, .retry_after = state_.retry_delay().Estimate()};
}

void UnaryCall::OnCancel() {
  cancellation_->Cancel();
  Fail(CancelledBy(deadline_));
}

void UnaryCall::OnDone() {
  pass_ = {};
  self_.reset();
}

}  // namespace diffuser::services
