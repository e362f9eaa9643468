// A whole server over fake devices, one of which fails: what callers, health and metrics see of it.

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "diffuser/v1/classification.grpc.pb.h"
#include "server/lifecycle/device_reporter.h"
#include "server/lifecycle/run.h"
#include "server/logging/json_logger.h"
#include "server/services/classification_service.h"
#include "tests/server/lifecycle/server_client.h"
#include "tests/server/metrics/exposition.h"
#include "tests/server/services/fake_pipeline.h"
#include "tests/testing/fake_devices.h"

namespace diffuser::lifecycle {
namespace {

using models::OnDeviceFailure;
using services::Await;

class FailingDeviceTest : public ::testing::Test {
 protected:
  // Serves the model "m" on the devices until something ends it.
  void Serve(std::vector<std::string> devices, OnDeviceFailure on_device_failure) {
    SilenceLibraries();
    devices_ = std::make_unique<testing::FakeDevices>(std::move(devices));
    devices_->on_load = [this](const models::ModelSpec&, const std::string& device) {
      return on_load_ ? on_load_(device) : absl::OkStatus();
    };
    models::ServingOptions options;
    options.on_device_failure = on_device_failure;
    serving_ = std::make_unique<models::Serving>(
        options, devices_->Factories(std::make_shared<testing::RecordingObserver>()), &reporter_,
        absl::Now);
    loading_ = std::make_unique<ModelLoading>(ModelLoading::Parts{
        .registry = &registry_,
        .metrics = &metrics_,
        .logger = logger_.get(),
        .load = [this](const models::ModelSpec& spec) { return serving_->Load(spec); }});
    service_ = services::MakeClassificationService({.registry = &registry_,
                                                    .metrics = &metrics_,
                                                    .logger = logger_.get(),
                                                    .gate = &gate_,
                                                    .limits = {}});
    server_ = *Server::Start({.listen = "127.0.0.1:0",
                              .max_message_bytes = 1 << 20,
                              .health_services = {services::kClassificationService}},
                             {service_.get()});
    channel_ = Connect(server_->port());
    stub_ = v1::Classification::NewStub(channel_);
    ending_ = std::async(std::launch::async, [this] {
      return RunUntilStopped({.server = server_.get(),
                              .gate = &gate_,
                              .loading = loading_.get(),
                              .signals = signals_.get(),
                              .logger = logger_.get(),
                              .condition = [this] { return serving_->condition(); },
                              .drain_timeout = absl::Hours(1)});
    });
    Await([this] { return Health() == "SERVING"; });
  }

  grpc::StatusCode Classify() {
    grpc::ClientContext context;
    v1::ClassifyRequest request;
    for (const int id : {0, 7, 2}) request.mutable_document()->mutable_token_ids()->add_ids(id);
    v1::ClassifyResponse response;
    return stub_->Classify(&context, request, &response).error_code();
  }
  std::string Health() { return HealthOf(channel_, services::kClassificationService); }
  std::string Devices() { return (*registry_.Find("m", "1")).model->replicas.devices; }
  double Sample(const std::string& series) const {
    return metrics::ParseExposition(metrics_.Expose()).at(series);
  }

  std::function<absl::Status(const std::string& device)> on_load_;
  models::ModelRegistry registry_{{{"m", "1", "/m"}}};
  metrics::Metrics metrics_;
  std::ostringstream log_;
  const std::unique_ptr<logging::Logger> logger_ =
      logging::MakeJsonLogger(logging::Level::kInfo, log_);
  services::CallGate gate_;
  std::unique_ptr<StopSignals> signals_ = *StopSignals::Block();
  DeviceReporter reporter_{{.registry = &registry_,
                            .metrics = &metrics_,
                            .logger = logger_.get(),
                            .on_change = [this] { signals_->Notify(); }}};
  std::unique_ptr<testing::FakeDevices> devices_;
  std::unique_ptr<models::Serving> serving_;
  std::unique_ptr<ModelLoading> loading_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classification::Stub> stub_;
  std::future<absl::StatusOr<Ending>> ending_;
};

TEST_F(FailingDeviceTest, ReloadsWhileOthersServe) {
  Serve({"cuda:0", "cuda:1"}, OnDeviceFailure::kReload);
  EXPECT_EQ(Devices(), "cuda:0,cuda:1");
  devices_->LoadedOn("cuda:1")[0]->Lose();
  while (Sample("diffuser_device_failures_total{device=\"cuda:1\"}") == 0) {
    EXPECT_THAT(Classify(), ::testing::AnyOf(grpc::StatusCode::OK, grpc::StatusCode::INTERNAL));
    EXPECT_EQ(Health(), "SERVING");
  }
  Await([this] { return Sample("diffuser_device_healthy{device=\"cuda:1\"}") == 1; });
  Await([this] { return Devices() == "cuda:0,cuda:1"; });
  EXPECT_EQ(Classify(), grpc::StatusCode::OK);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(*ending_.get(), Ending::kDrained);
}

TEST_F(FailingDeviceTest, IsNotServingUntilTheCpuTakesOver) {
  Serve({"cuda:0"}, OnDeviceFailure::kReload);
  std::latch go_on(1);
  on_load_ = [&](const std::string& device) {
    go_on.wait();
    return device == "cpu" ? absl::OkStatus() : absl::InternalError("the context is gone");
  };
  devices_->LoadedOn("cuda:0")[0]->Lose();
  EXPECT_EQ(Classify(), grpc::StatusCode::INTERNAL);
  Await([this] { return Health() == "NOT_SERVING"; });
  EXPECT_EQ(Sample("diffuser_model_loaded{model=\"m\",version=\"1\"}"), 0);
  auto waits = std::async(std::launch::async, [this] { return Classify(); });
  go_on.count_down();
  EXPECT_EQ(waits.get(), grpc::StatusCode::OK);
  Await([this] { return Health() == "SERVING"; });
  EXPECT_EQ(Devices(), "cpu");
  EXPECT_EQ(Sample("diffuser_kernel_fallback{reason=\"device_lost\"}"), 1);
  EXPECT_EQ(Sample("diffuser_device_healthy{device=\"cuda:0\"}"), 0);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(*ending_.get(), Ending::kDrained);
}

TEST_F(FailingDeviceTest, EndsAndSaysWhyWhereItIsToExit) {
  Serve({"cuda:0"}, OnDeviceFailure::kExit);
  devices_->LoadedOn("cuda:0")[0]->Lose();
  EXPECT_EQ(Classify(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(*ending_.get(), Ending::kDeviceFailed);
  EXPECT_THAT(log_.str(), ::testing::HasSubstr("\"event\":\"device_lost\""));
  EXPECT_THAT(log_.str(), ::testing::HasSubstr("\"ending\":\"device failed\""));
}

}  // namespace
}  // namespace diffuser::lifecycle
