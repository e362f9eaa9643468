#ifndef DIFFUSER_TESTS_E2E_WIRE_H_
#define DIFFUSER_TESTS_E2E_WIRE_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "diffuser/v1/classification.grpc.pb.h"
#include "diffuser/v1/classification.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace diffuser::testing {

// The answers of one ClassifyStream call.
struct StreamAnswers {
  absl::Status status;                                   // of the whole call
  std::multimap<std::string, v1::ClassifyResult> by_id;  // as many as came for each id
};

// Calls of the server under test over a connection of its own, one attempt each, with nothing
// between a test and gRPC. Errors carry the details as payloads. Every call gives up after a minute
// with DEADLINE_EXCEEDED. Thread-safe.
class Wire {
 public:
  explicit Wire(const std::string& address);

  absl::StatusOr<v1::ClassifyResponse> Classify(const v1::ClassifyRequest& request) const;
  absl::StatusOr<v1::ClassifyBatchResponse> ClassifyBatch(
      const v1::ClassifyBatchRequest& request) const;
  // Sends all, then reads all answers.
  StreamAnswers ClassifyStream(const std::vector<v1::ClassifyRequest>& requests) const;
  absl::StatusOr<v1::Model> GetModel(const std::string& model) const;
  // What grpc.health.v1 says. Errors: NOT_FOUND (a service that the server does not know).
  absl::StatusOr<grpc::health::v1::HealthCheckResponse::ServingStatus> Health(
      const std::string& service) const;

  v1::Classification::Stub& stub() const { return *stub_; }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Classification::Stub> stub_;
};

// A document of token ids, with its logits asked for.
v1::ClassifyRequest IdsRequest(const std::string& model, const std::vector<int32_t>& ids);
v1::ClassifyRequest TextRequest(const std::string& model, const std::string& text);

// All documents of one model in one call, with the options of the first. REQUIRES: not empty.
v1::ClassifyBatchRequest BatchOf(const std::vector<v1::ClassifyRequest>& requests);

// The field that the google.rpc.BadRequest of an error names; "" where there is none.
std::string FieldOf(const absl::Status& status);

// `count` ids below `vocabulary` that no golden checkpoint uses for padding, the same for the same
// `seed`.
std::vector<int32_t> RandomIds(int count, int vocabulary, uint32_t seed);

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_E2E_WIRE_H_
