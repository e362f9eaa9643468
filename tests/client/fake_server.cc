#include "tests/client/fake_server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/health_check_service_interface.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace diffuser::client {
namespace {

google::rpc::Status ErrorWithDelay(grpc::StatusCode code, absl::Duration retry_delay) {
  google::rpc::Status error;
  error.set_code(code);
  error.set_message("turned away");
  if (retry_delay >= absl::ZeroDuration()) {
    google::rpc::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(retry_delay));
    info.mutable_retry_delay()->set_nanos(
        static_cast<int>((retry_delay % absl::Seconds(1)) / absl::Nanoseconds(1)));
    error.add_details()->PackFrom(info);
  }
  return error;
}

}  // namespace

std::string FakeServer::NewAddress() {
  static std::atomic<int> count = 0;
  return absl::StrCat("unix:/tmp/diffuser-client-test-", getpid(), "-", ++count);
}

FakeServer::FakeServer(std::string address, const Options& options) : address_(std::move(address)) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, options.credentials);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  unlink(address_.substr(std::string("unix:").size()).c_str());
}

void FakeServer::SetServing(const std::string& service, bool serving) {
  if (service.empty()) {
    server_->GetHealthCheckService()->SetServingStatus(serving);
  } else {
    server_->GetHealthCheckService()->SetServingStatus(service, serving);
  }
}

std::vector<std::string> FakeServer::request_ids() const {
  absl::MutexLock lock(&mutex_);
  return request_ids_;
}

void FakeServer::Note(const grpc::ServerContext& context) {
  absl::MutexLock lock(&mutex_);
  const auto found = context.client_metadata().find("x-request-id");
  if (found == context.client_metadata().end()) return;
  request_ids_.emplace_back(found->second.data(), found->second.size());
}

grpc::Status FakeServer::Classify(grpc::ServerContext* context, const v1::ClassifyRequest* request,
                                  v1::ClassifyResponse* response) {
  Note(*context);
  if (on_classify) return on_classify(*request, response);
  *response = GoodAnswer(*request);
  return grpc::Status::OK;
}

grpc::Status FakeServer::ClassifyBatch(grpc::ServerContext* context,
                                       const v1::ClassifyBatchRequest* request,
                                       v1::ClassifyBatchResponse* response) {
  Note(*context);
  for (const v1::Document& document : request->documents()) {
    v1::ClassifyRequest one;
    *one.mutable_document() = document;
    *response->add_results()->mutable_response() = GoodAnswer(one);
  }
  return grpc::Status::OK;
}

grpc::Status FakeServer::ClassifyStream(grpc::ServerContext* context, Stream* stream) {
  Note(*context);
  if (on_stream) return on_stream(*stream);
  v1::ClassifyRequest request;
  while (stream->Read(&request)) AnswerWell(*stream, request);
  return grpc::Status::OK;
}

grpc::Status FakeServer::GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                                  v1::Model* response) {
  Note(*context);
  for (const v1::Model& model : models) {
    if (request->model().empty() || request->model() == model.model()) {
      *response = model;
      return grpc::Status::OK;
    }
  }
  return {grpc::StatusCode::NOT_FOUND, "no such model"};
}

grpc::Status FakeServer::ListModels(grpc::ServerContext* context,
                                    const v1::ListModelsRequest* /*request*/,
                                    v1::ListModelsResponse* response) {
  Note(*context);
  response->mutable_models()->Add(models.begin(), models.end());
  return grpc::Status::OK;
}

v1::ClassifyResponse GoodAnswer(const v1::ClassifyRequest& request) {
  v1::ClassifyResponse response;
  response.set_id(request.document().id());
  v1::Label& label = *response.add_labels();
  label.set_label("good");
  label.set_score(0.75F);
  response.mutable_usage()->set_seen(7);
  response.mutable_usage()->set_used(7);
  response.mutable_usage()->set_chunks(1);
  response.set_model("m");
  response.set_version("v1");
  response.mutable_timings()->mutable_tokenize()->set_nanos(1'000'000);
  response.mutable_timings()->mutable_queue()->set_nanos(500'000);
  response.mutable_timings()->mutable_compute()->set_nanos(21'000'000);
  return response;
}

void AnswerWell(FakeServer::Stream& stream, const v1::ClassifyRequest& request) {
  v1::ClassifyStreamResponse answer;
  answer.set_id(request.document().id());
  *answer.mutable_result()->mutable_response() = GoodAnswer(request);
  stream.Write(answer);
}

void AnswerBadly(FakeServer::Stream& stream, const v1::ClassifyRequest& request,
                 grpc::StatusCode code, absl::Duration retry_delay) {
  v1::ClassifyStreamResponse answer;
  answer.set_id(request.document().id());
  *answer.mutable_result()->mutable_error() = ErrorWithDelay(code, retry_delay);
  stream.Write(answer);
}

grpc::Status QueueFull(absl::Duration retry_delay) {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full",
          ErrorWithDelay(grpc::StatusCode::RESOURCE_EXHAUSTED, retry_delay).SerializeAsString()};
}

}  // namespace diffuser::client
