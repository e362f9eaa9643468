#include "server/services/stream_call.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/services/call_metadata.h"
#include "server/services/document_call.h"
#include "server/services/status.h"

namespace diffuser::services {
namespace {

constexpr char kMethod[] = "ClassifyStream";

absl::Status Draining() { return absl::UnavailableError("the server is draining"); }

// What is wrong with a document before its id and content are looked at.
absl::Status CheckRequest(const absl::StatusOr<std::vector<FieldFault>>& faults,
                          const v1::ClassifyRequest& request) {
  if (!faults.ok()) return faults.status();
  if (!faults->empty()) return InvalidField(faults->front());
  if (request.document().id().empty())
    return InvalidField("document.id", "must be set in a stream");
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<StreamCall> StreamCall::Begin(ServiceState& state,
                                              grpc::CallbackServerContext& context) {
  const std::shared_ptr<StreamCall> call(new StreamCall(state, context));
  call->self_ = call;
  call->pass_ = state.context().gate->Enter([call] { call->OnDrain(); });
  const std::lock_guard lock(call->mutex_);
  call->draining_ |= !call->pass_;
  call->Advance();
  return call;
}

StreamCall::StreamCall(ServiceState& state, grpc::CallbackServerContext& context)
    : state_(state),
      deadline_(DeadlineOf(context)),
      request_id_(TakeRequestId(context)),
      peer_(context.peer()),
      cancellation_(std::make_shared<pipeline::Cancellation>()) {}

void StreamCall::OnReadDone(bool ok) {
  if (ok) TakeDocument();
  const std::lock_guard lock(mutex_);
  reading_ = false;
  half_closed_ |= !ok;
  Advance();
}

void StreamCall::TakeDocument() {
  v1::ClassifyRequest request;
  const auto faults = ParseBuffer(state_.parser(), incoming_, request);
  incoming_.Clear();
  absl::Status refusal = CheckRequest(faults, request);
  const absl::StatusOr<uint64_t> number = Register(request, refusal);
  if (!number.ok()) return;  // the caller is gone
  if (!refusal.ok()) {
    state_.CountRefused(state_.LabelOf(request.model()), refusal, 1);
    return Answer(*number, refusal);
  }
  absl::StatusOr<DocumentCall> call = PrepareCall(state_, request.model(), request.version(),
                                                  request.options(), deadline_, cancellation_);
  if (!call.ok()) {
    state_.CountRefused(state_.LabelOf(request.model()), call.status(), 1);
    return Answer(*number, call.status());
  }
  ClassifyDocument(state_, *call, *request.mutable_document(),
                   [self = self_, n = *number](absl::StatusOr<v1::ClassifyResponse> response) {
                     self->Answer(n, std::move(response));
                   });
}

// Takes the document in: every one that is not taken back by a cancelled call is answered. Adds to
// `refusal`, where it is still OK, what only the stream can tell.
absl::StatusOr<uint64_t> StreamCall::Register(const v1::ClassifyRequest& request,
                                              absl::Status& refusal) {
  Taken taken;
  taken.id = request.document().id();
  taken.record = std::make_unique<RequestRecord>(
      state_.context(), RequestName{.method = kMethod,
                                    .model = state_.LabelOf(request.model()),
                                    .request_id = request_id_,
                                    .peer = peer_});
  std::unique_lock lock(mutex_);
  if (finished_) {
    lock.unlock();
    taken.record->Finish(CancelledBy(deadline_));
    return absl::CancelledError();
  }
  if (refusal.ok() && draining_) refusal = Draining();
  if (refusal.ok()) {
    taken.owns_id = ids_.insert(taken.id).second;
    if (!taken.owns_id) {
      refusal = InvalidField("document.id",
                             "is that of a document of this stream that is not answered yet");
    }
  }
  ++unwritten_;
  taken_.emplace(++documents_, std::move(taken));
  return documents_;
}

void StreamCall::Answer(uint64_t number, absl::StatusOr<v1::ClassifyResponse> response) {
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    auto node = taken_.extract(number);
    if (node.empty()) return;  // the call was cancelled
    taken = std::move(node.mapped());
    if (taken.owns_id) ids_.erase(taken.id);
  }
  taken.record->Finish(response.status());
  v1::ClassifyStreamResponse message;
  message.set_id(taken.id);
  if (response.ok()) {
    *message.mutable_result()->mutable_response() = *std::move(response);
  } else {
    *message.mutable_result()->mutable_error() =
        ToRpcStatus(response.status(),
                    {.request_id = request_id_, .retry_after = state_.retry_delay().Estimate()});
  }
  grpc::ByteBuffer buffer = ToBuffer(message);
  const std::lock_guard lock(mutex_);
  answers_.push_back(std::move(buffer));
  Advance();
}

void StreamCall::Advance() {
  if (finished_) return;
  if (!writing_ && !answers_.empty()) {
    writing_ = true;
    outgoing_ = std::move(answers_.front());
    answers_.pop_front();
    StartWrite(&outgoing_);
  }
  const bool takes_more = !half_closed_ && !draining_;
  if (takes_more && !reading_ && unwritten_ < state_.context().limits.max_stream_documents) {
    reading_ = true;
    StartRead(&incoming_);
  }
  if (!takes_more && unwritten_ == 0) {
    finished_ = true;
    const absl::Status status = half_closed_ ? absl::OkStatus() : Draining();
    Finish(ToGrpcStatus(status, {.request_id = request_id_, .retry_after = absl::ZeroDuration()}));
  }
}

void StreamCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  --unwritten_;
  if (ok) Advance();  // else the caller is gone, and OnCancel ends the call
}

void StreamCall::OnDrain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  Advance();
}

void StreamCall::OnCancel() {
  cancellation_->Cancel();
  std::map<uint64_t, Taken> unanswered;
  {
    const std::lock_guard lock(mutex_);
    unanswered.swap(taken_);
    answers_.clear();
    if (!finished_) {
      finished_ = true;
      Finish(ToGrpcStatus(CancelledBy(deadline_), {}));
    }
  }
  for (auto& [number, document] : unanswered) document.record->Finish(CancelledBy(deadline_));
}

void StreamCall::OnDone() {
  pass_ = {};
  self_.reset();
}

}  // namespace diffuser::services
