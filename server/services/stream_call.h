#ifndef DIFFUSER_SERVER_SERVICES_STREAM_CALL_H_
#define DIFFUSER_SERVER_SERVICES_STREAM_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.pb.h"
#include "server/pipeline/classify_task.h"
#include "server/services/request_record.h"
#include "server/services/service_context.h"

namespace diffuser::services {

// One ClassifyStream call: reads documents while fewer than the limit are taken but not yet written
// as answers, sends each down its model's pipeline, writes answers as they come.
//
// It ends when the caller has half-closed and all is answered; when the server drains and all that
// was taken is answered (UNAVAILABLE); or at once when the caller goes away. Shared by gRPC and by
// the documents under way. Thread-safe.
class StreamCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  static std::shared_ptr<StreamCall> Begin(ServiceState& state,
                                           grpc::CallbackServerContext& context);

 private:
  // A document that was taken and is not answered.
  struct Taken {
    std::unique_ptr<RequestRecord> record;
    std::string id;
    bool owns_id = false;  // whether it holds its id against other documents of the stream
  };

  StreamCall(ServiceState& state, grpc::CallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void OnDrain();
  // The path of one document.
  void TakeDocument();
  absl::StatusOr<uint64_t> Register(const v1::ClassifyRequest& request, absl::Status& refusal);
  void Answer(uint64_t number, absl::StatusOr<v1::ClassifyResponse> response);

  // Begins whatever may begin: a write, a read, the end.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ServiceState& state_;
  const absl::Time deadline_;
  const std::string request_id_;
  const std::string peer_;
  const std::shared_ptr<pipeline::Cancellation> cancellation_;
  CallGate::Pass pass_;
  grpc::ByteBuffer incoming_;  // gRPC's while reading_
  grpc::ByteBuffer outgoing_;  // gRPC's while writing_

  std::mutex mutex_;
  std::map<uint64_t, Taken> taken_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> ids_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::ByteBuffer> answers_ ABSL_GUARDED_BY(mutex_);
  uint64_t documents_ ABSL_GUARDED_BY(mutex_) = 0;  // taken so far
  int unwritten_ ABSL_GUARDED_BY(mutex_) = 0;       // taken, and their answers not yet written
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;    // from StartRead until the document is taken
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<StreamCall> self_;  // gRPC's share
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_STREAM_CALL_H_
