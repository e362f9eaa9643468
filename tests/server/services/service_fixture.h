#ifndef DIFFUSER_TESTS_SERVER_SERVICES_SERVICE_FIXTURE_H_
#define DIFFUSER_TESTS_SERVER_SERVICES_SERVICE_FIXTURE_H_

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "diffuser/v1/classification.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/logging/json_logger.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/services/call_gate.h"
#include "server/services/classification_service.h"
#include "tests/server/metrics/exposition.h"
#include "tests/server/services/fake_pipeline.h"

namespace diffuser::services {

// The service behind an in-process channel. Models: "ready" (versions 1 and 2, ready), "loading"
// and "failed".
class ServiceTest : public testing::Test {
 protected:
  ServiceTest()
      : registry_({{"ready", "1", "/r1"},
                   {"ready", "2", "/r2"},
                   {"loading", "1", "/l"},
                   {"failed", "1", "/f"}}) {
    google::protobuf::SetLogHandler(nullptr);
    for (const char* version : {"1", "2"}) {
      registry_.SetReady({"ready", version, std::string("/r") + version}, ReadyModel());
    }
    registry_.SetFailed({"failed", "1", "/f"}, absl::InvalidArgumentError("config.json: broken"));
    Start({.max_batch_documents_per_call = 4, .max_stream_documents = 3});
  }

  ~ServiceTest() override {
    pipeline_->Handle([](pipeline::ClassifyTask, Done) {});
    if (pipeline_->held() > 0) pipeline_->Take(1);  // dropped unanswered: no call is left waiting
    server_->Shutdown(std::chrono::system_clock::now());
  }

  void Start(const ServiceLimits& limits) {
    service_ = MakeClassificationService({.registry = &registry_,
                                          .metrics = &metrics_,
                                          .logger = logger_.get(),
                                          .gate = &gate_,
                                          .limits = limits});
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    channel_ = server_->InProcessChannel({});
    stub_ = v1::Classification::NewStub(channel_);
  }

  std::shared_ptr<const models::ServedModel> ReadyModel() const {
    models::ServedModel model;
    model.config.labels = {"no", "yes"};
    model.config.vocab_size = 1000;
    model.config.max_position_embeddings = 514;
    model.config.problem_type = model::ProblemType::kMultiLabel;
    model.replicas = {.devices = "cpu", .precisions = "float32"};
    model.has_tokenizer = true;
    model.load_time = absl::Milliseconds(2500);
    model.pipeline = pipeline_;
    return std::make_shared<const models::ServedModel>(std::move(model));
  }

  std::map<std::string, double> Samples() const {
    return metrics::ParseExposition(metrics_.Expose());
  }
  double Completed(const std::string& method, const std::string& model, const std::string& code) {
    const auto samples = Samples();
    const auto found = samples.find("diffuser_requests_completed_total{method=\"" + method +
                                    "\",model=\"" + model + "\",code=\"" + code + "\"}");
    return found == samples.end() ? 0 : found->second;
  }
  double Rejected(const std::string& model, const std::string& reason) {
    const auto samples = Samples();
    const auto found = samples.find("diffuser_documents_rejected_total{model=\"" + model +
                                    "\",reason=\"" + reason + "\"}");
    return found == samples.end() ? 0 : found->second;
  }

  const std::shared_ptr<FakePipeline> pipeline_ = std::make_shared<FakePipeline>();
  models::ModelRegistry registry_;
  metrics::Metrics metrics_;
  std::ostringstream log_;
  const std::unique_ptr<logging::Logger> logger_ =
      logging::MakeJsonLogger(logging::Level::kDebug, log_);
  CallGate gate_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classification::Stub> stub_;
};

// The field that a status' google.rpc.BadRequest names, or "".
inline std::string FieldOf(const google::rpc::Status& status) {
  google::rpc::BadRequest details;
  for (const auto& any : status.details()) {
    if (any.UnpackTo(&details)) return details.field_violations(0).field();
  }
  return "";
}
inline google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
  EXPECT_EQ(rpc.code(), status.error_code());
  EXPECT_EQ(rpc.message(), status.error_message());
  return rpc;
}

}  // namespace diffuser::services

#endif  // DIFFUSER_TESTS_SERVER_SERVICES_SERVICE_FIXTURE_H_
