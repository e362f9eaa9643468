#include "tests/e2e/wire.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include <chrono>
#include <random>

#include "client/rpc_status.h"
#include "google/rpc/error_details.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace diffuser::testing {
namespace {

// A channel that shares its connection with no other, takes answers of any size and is quick to
// connect again.
std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

void SetPatience(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
}

template <typename Response>
absl::StatusOr<Response> ToStatusOr(const grpc::Status& status, Response response) {
  if (!status.ok()) return client::FromGrpcStatus(status);
  return response;
}

}  // namespace

Wire::Wire(const std::string& address)
    : channel_(Connect(address)), stub_(v1::Classification::NewStub(channel_)) {}

absl::StatusOr<v1::ClassifyResponse> Wire::Classify(const v1::ClassifyRequest& request) const {
  grpc::ClientContext context;
  SetPatience(context);
  v1::ClassifyResponse response;
  const grpc::Status status = stub_->Classify(&context, request, &response);
  return ToStatusOr(status, std::move(response));
}

absl::StatusOr<v1::ClassifyBatchResponse> Wire::ClassifyBatch(
    const v1::ClassifyBatchRequest& request) const {
  grpc::ClientContext context;
  SetPatience(context);
  v1::ClassifyBatchResponse response;
  const grpc::Status status = stub_->ClassifyBatch(&context, request, &response);
  return ToStatusOr(status, std::move(response));
}

StreamAnswers Wire::ClassifyStream(const std::vector<v1::ClassifyRequest>& requests) const {
  grpc::ClientContext context;
  SetPatience(context);
  const auto stream = stub_->ClassifyStream(&context);
  for (const v1::ClassifyRequest& request : requests) stream->Write(request);
  stream->WritesDone();
  StreamAnswers answers;
  v1::ClassifyStreamResponse response;
  while (stream->Read(&response)) answers.by_id.emplace(response.id(), response.result());
  answers.status = client::FromGrpcStatus(stream->Finish());
  return answers;
}

absl::StatusOr<v1::Model> Wire::GetModel(const std::string& model) const {
  grpc::ClientContext context;
  SetPatience(context);
  v1::GetModelRequest request;
  request.set_model(model);
  v1::Model response;
  const grpc::Status status = stub_->GetModel(&context, request, &response);
  return ToStatusOr(status, std::move(response));
}

absl::StatusOr<grpc::health::v1::HealthCheckResponse::ServingStatus> Wire::Health(
    const std::string& service) const {
  grpc::ClientContext context;
  SetPatience(context);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, &response);
  return ToStatusOr(status, response.status());
}

v1::ClassifyRequest IdsRequest(const std::string& model, const std::vector<int32_t>& ids) {
  v1::ClassifyRequest request;
  request.set_model(model);
  request.mutable_document()->mutable_token_ids()->mutable_ids()->Assign(ids.begin(), ids.end());
  request.mutable_options()->set_return_logits(true);
  return request;
}

v1::ClassifyRequest TextRequest(const std::string& model, const std::string& text) {
  v1::ClassifyRequest request;
  request.set_model(model);
  request.mutable_document()->set_text(text);
  request.mutable_options()->set_return_logits(true);
  return request;
}

v1::ClassifyBatchRequest BatchOf(const std::vector<v1::ClassifyRequest>& requests) {
  v1::ClassifyBatchRequest batch;
  batch.set_model(requests.front().model());
  *batch.mutable_options() = requests.front().options();
  for (const v1::ClassifyRequest& request : requests) *batch.add_documents() = request.document();
  return batch;
}

std::string FieldOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!payload.has_value() || !details.ParseFromString(std::string(*payload))) return "";
  return details.field_violations_size() == 1 ? details.field_violations(0).field() : "";
}

std::vector<int32_t> RandomIds(int count, int vocabulary, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_int_distribution<int32_t> draw(4, vocabulary - 1);
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) id = draw(generator);
  return ids;
}

}  // namespace diffuser::testing
