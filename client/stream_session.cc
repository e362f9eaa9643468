#include "client/stream_session.h"

#include <utility>

#include "absl/time/clock.h"
#include "client/rpc_status.h"

namespace diffuser::client {

StreamSession::StreamSession(v1::Classification::StubInterface& stub,
                             std::unique_ptr<grpc::ClientContext> context)
    : context_(std::move(context)) {
  stub.async()->ClassifyStream(context_.get(), this);
  AddHold();
  StartRead(&reading_);
  StartCall();
}

StreamSession::~StreamSession() {
  {
    absl::MutexLock lock(&mutex_);
    if (!done_) context_->TryCancel();
  }
  EndSending();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&done_));
}

void StreamSession::Write(std::shared_ptr<const v1::ClassifyRequest> request) {
  writing_ = std::move(request);
  if (may_send_) StartWrite(writing_.get());
}

void StreamSession::WritesDone() {
  if (!may_send_) return;
  StartWritesDone();
  EndSending();
}

void StreamSession::EndSending() {
  if (std::exchange(may_send_, false)) RemoveHold();
}

bool StreamSession::HasNews() const { return !events_.empty() || (reads_ended_ && may_send_); }

std::optional<StreamSession::Event> StreamSession::Next(absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  for (;;) {
    absl::ReleasableMutexLock lock(&mutex_);
    if (!mutex_.AwaitWithDeadline(absl::Condition(this, &StreamSession::HasNews), end)) {
      return std::nullopt;
    }
    if (!events_.empty()) {
      Event event = std::move(events_.front());
      events_.pop_front();
      if (event.kind == Event::Kind::kWritten) writing_.reset();
      return event;
    }
    lock.Release();
    // The server has ended the call, and the hold is all that keeps gRPC from saying how.
    EndSending();
  }
}

void StreamSession::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    if (!ok) {
      reads_ended_ = true;
      return;
    }
    events_.push_back({Event::Kind::kAnswer, std::move(reading_), absl::OkStatus()});
  }
  reading_.Clear();
  StartRead(&reading_);
}

void StreamSession::OnWriteDone(bool /*ok*/) {
  absl::MutexLock lock(&mutex_);
  events_.push_back({Event::Kind::kWritten, {}, absl::OkStatus()});
}

void StreamSession::OnDone(const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  events_.push_back({Event::Kind::kClosed, {}, FromGrpcStatus(status)});
  done_ = true;
}

}  // namespace diffuser::client
