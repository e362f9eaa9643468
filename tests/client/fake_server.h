#ifndef DIFFUSER_TESTS_CLIENT_FAKE_SERVER_H_
#define DIFFUSER_TESTS_CLIENT_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.grpc.pb.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::client {

// A server of diffuser.v1.Classification and grpc.health.v1 in this process, on a Unix socket. What
// it does is up to the test; by default every document is answered with the label "good".
class FakeServer : private v1::Classification::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ClassifyStreamResponse, v1::ClassifyRequest>;

  struct Options {
    int max_message_bytes = 64 << 20;
    std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  };

  FakeServer() : FakeServer(NewAddress(), Options{}) {}
  explicit FakeServer(const Options& options) : FakeServer(NewAddress(), options) {}
  FakeServer(std::string address, const Options& options);
  ~FakeServer() override;

  // Of a socket that nobody listens on yet.
  static std::string NewAddress();

  const std::string& address() const { return address_; }

  // What the calls do; set before the first call. Run on the server's threads.
  std::function<grpc::Status(const v1::ClassifyRequest&, v1::ClassifyResponse*)> on_classify;
  std::function<grpc::Status(Stream&)> on_stream;
  std::vector<v1::Model> models;

  // For "": the whole server.
  void SetServing(const std::string& service, bool serving);

  // The x-request-id of every call so far, in order.
  std::vector<std::string> request_ids() const;

 private:
  grpc::Status Classify(grpc::ServerContext* context, const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override;
  grpc::Status ClassifyBatch(grpc::ServerContext* context, const v1::ClassifyBatchRequest* request,
                             v1::ClassifyBatchResponse* response) override;
  grpc::Status ClassifyStream(grpc::ServerContext* context, Stream* stream) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::Model* response) override;
  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  void Note(const grpc::ServerContext& context);

  const std::string address_;
  mutable absl::Mutex mutex_;
  std::vector<std::string> request_ids_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

// The answer to a document, as the server gives it by default.
v1::ClassifyResponse GoodAnswer(const v1::ClassifyRequest& request);

// Writes that answer.
void AnswerWell(FakeServer::Stream& stream, const v1::ClassifyRequest& request);

// Writes an error for a document; with a RetryInfo if `retry_delay` is not negative.
void AnswerBadly(FakeServer::Stream& stream, const v1::ClassifyRequest& request,
                 grpc::StatusCode code, absl::Duration retry_delay);

// RESOURCE_EXHAUSTED with a RetryInfo, as a full queue gives it.
grpc::Status QueueFull(absl::Duration retry_delay);

}  // namespace diffuser::client

#endif  // DIFFUSER_TESTS_CLIENT_FAKE_SERVER_H_
