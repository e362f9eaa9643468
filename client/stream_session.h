#ifndef DIFFUSER_CLIENT_STREAM_SESSION_H_
#define DIFFUSER_CLIENT_STREAM_SESSION_H_

#include <grpcpp/client_context.h>

#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.grpc.pb.h"

namespace diffuser::client {

// One ClassifyStream call, turned into a queue of events, so that a single thread can drive it
// without callbacks of its own. All methods must be called from one thread. Holds every answer that
// has come and was not taken yet: the caller bounds them by what it sends.
class StreamSession
    : private grpc::ClientBidiReactor<v1::ClassifyRequest, v1::ClassifyStreamResponse> {
 public:
  struct Event {
    enum class Kind {
      kAnswer,   // `answer` came
      kWritten,  // the last Write is done (or failed, and kClosed follows)
      kClosed,   // the call ended with `status`; the last event
    };
    Kind kind;
    v1::ClassifyStreamResponse answer;
    absl::Status status;
  };

  // Starts the call. `stub` must outlive the session.
  StreamSession(v1::Classification::StubInterface& stub,
                std::unique_ptr<grpc::ClientContext> context);

  // Cancels the call if it has not ended. Blocks: until gRPC has let go of it.
  ~StreamSession() override;

  // REQUIRES: the Write before gave its kWritten, kClosed has not come, WritesDone was not called.
  void Write(std::shared_ptr<const v1::ClassifyRequest> request);

  // Tells the server that no more documents come. REQUIRES: as for Write.
  void WritesDone();

  // The next event, or nullopt if none comes within `timeout`. Blocks: for that long at most.
  std::optional<Event> Next(absl::Duration timeout);

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  void EndSending();
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<grpc::ClientContext> context_;
  std::shared_ptr<const v1::ClassifyRequest> writing_;  // kept until gRPC has written it
  v1::ClassifyStreamResponse reading_;                  // gRPC's, while a read is running
  bool may_send_ = true;  // a hold keeps the reactor alive for calls from outside its reactions

  absl::Mutex mutex_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_STREAM_SESSION_H_
