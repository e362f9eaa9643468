#ifndef DIFFUSER_CLIENT_CLASSIFICATION_CLIENT_H_
#define DIFFUSER_CLIENT_CLASSIFICATION_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/classify_many.h"
#include "client/environment.h"
#include "client/health.h"
#include "client/retry.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::client {

struct ClientOptions {
  // HOST:PORT, or any other name that gRPC resolves.
  std::string address = "127.0.0.1:8001";

  // For one call with all its attempts and the waits between them. For ClassifyMany: the longest
  // time without an answer.
  absl::Duration deadline = absl::Seconds(60);

  RetryOptions retry = {};

  // Wait for the server to come up, for as long as the deadline allows, instead of UNAVAILABLE at
  // once.
  bool wait_for_ready = false;

  // The longest message that is sent or taken.
  int max_message_bytes = 64 << 20;

  // PEM file of the certificates to trust. Empty: no TLS.
  std::string tls_roots_file = "";

  // Null: the system's.
  std::shared_ptr<Environment> environment = nullptr;
};

// What may differ from call to call.
struct CallOptions {
  // Unset: ClientOptions::deadline.
  std::optional<absl::Duration> deadline = std::nullopt;

  // Sent as `x-request-id`, with every attempt of the call; the server's log carries it, and so do
  // the messages of errors. Empty: 16 random hexadecimal digits.
  std::string request_id = "";
};

// Calls a server of diffuser.v1.Classification. Thread-safe; one client (one connection) is enough
// for any number of threads.
//
//   absl::StatusOr<std::unique_ptr<ClassificationClient>> client =
//       ClassificationClient::Create({.address = "localhost:8001"});
//   if (!client.ok()) return client.status();
//   diffuser::v1::ClassifyRequest request;
//   request.mutable_document()->set_text(article);
//   absl::StatusOr<diffuser::v1::ClassifyResponse> answer = (*client)->Classify(request);
//   if (!answer.ok()) return answer.status();
//   std::cout << answer->labels(0).label() << " " << answer->labels(0).score() << "\n";
//
// Errors, for every call: the server's own code and message (classification.proto says which), its
// details as payloads (see FromGrpcStatus), and the request id in brackets. What may succeed later
// (see IsRetryable) was already tried again within the deadline, as ClientOptions::retry says;
// nothing else is.
class ClassificationClient {
 public:
  // Does not connect yet: the first call does.
  // Errors: INVALID_ARGUMENT for options out of range, NOT_FOUND for TLS roots that cannot be read.
  static absl::StatusOr<std::unique_ptr<ClassificationClient>> Create(ClientOptions options);

  ~ClassificationClient();

  // Classifies one document. Blocks: until the deadline at most.
  absl::StatusOr<v1::ClassifyResponse> Classify(const v1::ClassifyRequest& request,
                                                const CallOptions& call = {}) const;

  // Classifies documents in one call. Documents fail one by one, in the results; those are not
  // tried again. Blocks: until the deadline at most.
  absl::StatusOr<v1::ClassifyBatchResponse> ClassifyBatch(const v1::ClassifyBatchRequest& request,
                                                          const CallOptions& call = {}) const;

  // Classifies any number of documents over one stream, in bounded memory: classify_many.h says
  // how.
  absl::Status ClassifyMany(const DocumentSource& source, const AnswerSink& on_answer,
                            const ManyOptions& many = {}, const CallOptions& call = {}) const;

  // Classifies one document, in one attempt, and gives the outcome to `done`, which is called
  // exactly once, on a thread of gRPC's: it must not block. It may be called after this client is
  // destroyed.
  using DoneCallback = std::function<void(absl::StatusOr<v1::ClassifyResponse>)>;
  void ClassifyAsync(v1::ClassifyRequest request, DoneCallback done,
                     const CallOptions& call = {}) const;

  // Describes one model; empty names as in ClassifyRequest.
  absl::StatusOr<v1::Model> GetModel(absl::string_view model = "", absl::string_view version = "",
                                     const CallOptions& call = {}) const;

  absl::StatusOr<v1::ListModelsResponse> ListModels(const CallOptions& call = {}) const;

  // Asks grpc.health.v1 for a service by its full name; empty: the whole server. One attempt: see
  // WaitUntilServing for more. Errors: NOT_FOUND for a service that the server does not know.
  absl::StatusOr<ServingStatus> CheckHealth(absl::string_view service = "",
                                            const CallOptions& call = {}) const;

 private:
  class Impl;
  explicit ClassificationClient(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_CLASSIFICATION_CLIENT_H_
