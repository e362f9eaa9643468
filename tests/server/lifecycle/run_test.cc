#include "server/lifecycle/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "diffuser/v1/classification.grpc.pb.h"
#include "server/logging/json_logger.h"
#include "server/services/classification_service.h"
#include "tests/server/lifecycle/server_client.h"
#include "tests/server/metrics/exposition.h"
#include "tests/server/services/fake_pipeline.h"

namespace diffuser::lifecycle {
namespace {

using services::FakePipeline;

// Blocks the signals before any thread is started, as main does.
class SignalEnvironment : public testing::Environment {
 public:
  void SetUp() override { ASSERT_TRUE(StopSignals::Block().ok()); }
};
const auto* const kEnvironment = testing::AddGlobalTestEnvironment(new SignalEnvironment);

// A server on a free port with one model, "m", whose pipeline is a fake.
class RunTest : public testing::Test {
 protected:
  RunTest() : registry_({{"m", "1", "/m"}}) {
    SilenceLibraries();
    signals_ = *StopSignals::Block();
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
  }

  // Runs the server on a thread until it ends.
  void Run(ModelLoading::Load load, absl::Duration drain_timeout = absl::Hours(1)) {
    loading_ = std::make_unique<ModelLoading>(ModelLoading::Parts{.registry = &registry_,
                                                                  .metrics = &metrics_,
                                                                  .logger = logger_.get(),
                                                                  .load = std::move(load)});
    ending_ = std::async(std::launch::async, [this, drain_timeout] {
      return RunUntilStopped({.server = server_.get(),
                              .gate = &gate_,
                              .loading = loading_.get(),
                              .signals = signals_.get(),
                              .logger = logger_.get(),
                              .condition = [this] { return condition_.load(); },
                              .drain_timeout = drain_timeout});
    });
  }

  // The same, until the model answers; its documents are held.
  void RunHolding(absl::Duration drain_timeout = absl::Hours(1)) {
    pipeline_->Hold();
    Run(
        [this](const models::ModelSpec&) {
          models::ServedModel model;
          model.config.labels = {"no", "yes"};
          model.pipeline = pipeline_;
          return std::make_shared<const models::ServedModel>(std::move(model));
        },
        drain_timeout);
    services::Await([this] { return HealthOf(channel_, "") == "SERVING"; });
  }

  std::future<grpc::Status> StartCall() {
    return std::async(std::launch::async, [this] {
      grpc::ClientContext context;
      v1::ClassifyRequest request;
      request.mutable_document()->set_text("text");
      v1::ClassifyResponse response;
      return stub_->Classify(&context, request, &response);
    });
  }

  static void Signal() { kill(getpid(), SIGTERM); }

  // As Serving changes it.
  void SetCondition(models::Condition condition) {
    condition_ = condition;
    signals_->Notify();
  }

  const std::shared_ptr<FakePipeline> pipeline_ = std::make_shared<FakePipeline>();
  models::ModelRegistry registry_;
  metrics::Metrics metrics_;
  std::ostringstream log_;
  const std::unique_ptr<logging::Logger> logger_ =
      logging::MakeJsonLogger(logging::Level::kInfo, log_);
  services::CallGate gate_;
  std::atomic<models::Condition> condition_ = models::Condition::kServed;
  std::unique_ptr<StopSignals> signals_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classification::Stub> stub_;
  std::unique_ptr<ModelLoading> loading_;
  std::future<absl::StatusOr<Ending>> ending_;
};

TEST_F(RunTest, IsUnavailableWhileItLoadsAndServesOnceItHas) {
  std::promise<void> may_load;
  Run([&](const models::ModelSpec&) {
    may_load.get_future().wait();
    models::ServedModel model;
    model.load_time = absl::Seconds(3);
    model.pipeline = pipeline_;
    return std::make_shared<const models::ServedModel>(std::move(model));
  });
  EXPECT_EQ(HealthOf(channel_, ""), "NOT_SERVING");
  EXPECT_EQ(StartCall().get().error_code(), grpc::StatusCode::UNAVAILABLE);
  may_load.set_value();
  services::Await(
      [this] { return HealthOf(channel_, services::kClassificationService) == "SERVING"; });
  const auto samples = metrics::ParseExposition(metrics_.Expose());
  EXPECT_EQ(samples.at("diffuser_model_loaded{model=\"m\",version=\"1\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_model_load_duration_seconds{model=\"m\",version=\"1\"}"), 3);
  Signal();
  EXPECT_EQ(*ending_.get(), Ending::kDrained);
}

TEST_F(RunTest, EndsWithTheErrorOfAModelThatCannotBeLoaded) {
  Run([](const models::ModelSpec&) {
    return absl::InvalidArgumentError("config.json: no such key");
  });
  const auto ending = ending_.get();
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.status().message(), "model m version 1 from /m: config.json: no such key");
  EXPECT_EQ(metrics::ParseExposition(metrics_.Expose())
                .at("diffuser_model_loaded{model=\"m\",version=\"1\"}"),
            0);
}

TEST_F(RunTest, FinishesRunningCallsBeforeItEnds) {
  RunHolding();
  auto call = StartCall();
  auto held = pipeline_->Take(1);
  Signal();
  services::Await([this] { return HealthOf(channel_, "") == "NOT_SERVING"; });
  services::Await([this] { return gate_.IsClosed(); });
  EXPECT_EQ(StartCall().get().error_code(), grpc::StatusCode::UNAVAILABLE);
  std::move(held[0].second).Answer(services::AnAnswer());
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(*ending_.get(), Ending::kDrained);
}

TEST_F(RunTest, CutsCallsOffWhenTheDrainsTimeIsUp) {
  RunHolding(absl::ZeroDuration());
  auto call = StartCall();
  auto held = pipeline_->Take(1);
  Signal();
  EXPECT_EQ(*ending_.get(), Ending::kTimedOut);
  EXPECT_FALSE(call.get().ok());
  EXPECT_TRUE(held[0].first.cancellation->IsCancelled());
}

TEST_F(RunTest, EndsAtOnceOnASecondSignal) {
  RunHolding();
  auto call = StartCall();
  auto held = pipeline_->Take(1);
  Signal();
  services::Await([this] { return gate_.IsClosed(); });
  Signal();
  EXPECT_EQ(*ending_.get(), Ending::kInterrupted);
  std::move(held[0].second).Answer(services::AnAnswer());
  EXPECT_TRUE(call.get().ok());
}

TEST_F(RunTest, IsNotServingWhileNoDeviceServesAModel) {
  RunHolding();
  SetCondition(models::Condition::kUnserved);
  services::Await(
      [this] { return HealthOf(channel_, services::kClassificationService) == "NOT_SERVING"; });
  EXPECT_EQ(HealthOf(channel_, ""), "NOT_SERVING");
  SetCondition(models::Condition::kServed);
  services::Await([this] { return HealthOf(channel_, "") == "SERVING"; });
  Signal();
  EXPECT_EQ(*ending_.get(), Ending::kDrained);
  EXPECT_THAT(log_.str(), testing::HasSubstr("\"event\":\"not_serving\""));
}

TEST_F(RunTest, AFailedDeviceEndsItOnceRunningCallsAreAnswered) {
  RunHolding();
  auto call = StartCall();
  auto held = pipeline_->Take(1);
  SetCondition(models::Condition::kFailed);
  services::Await([this] { return gate_.IsClosed(); });
  EXPECT_EQ(HealthOf(channel_, ""), "NOT_SERVING");
  Signal();  // what restarts it may tell it to stop: it is stopping
  std::move(held[0].second).Answer(services::AnAnswer());
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(*ending_.get(), Ending::kDeviceFailed);
}

TEST_F(RunTest, AFailedDeviceEndsItInTheDrainsTime) {
  RunHolding(absl::ZeroDuration());
  auto call = StartCall();
  auto held = pipeline_->Take(1);
  SetCondition(models::Condition::kFailed);
  EXPECT_EQ(*ending_.get(), Ending::kDeviceFailed);
  EXPECT_FALSE(call.get().ok());
}

TEST_F(RunTest, AFailedDeviceEndsItWhileItLoads) {
  std::promise<void> may_load;
  Run([&](const models::ModelSpec&) {
    may_load.get_future().wait();
    return absl::UnavailableError("the server is draining");
  });
  SetCondition(models::Condition::kFailed);
  EXPECT_EQ(*ending_.get(), Ending::kDeviceFailed);
  may_load.set_value();
}

TEST(StopSignals, GivesEachEventOnce) {
  const auto signals = *StopSignals::Block();
  EXPECT_EQ(signals->Wait(absl::InfinitePast()), StopSignals::Event::kTimeout);
  signals->Notify();
  kill(getpid(), SIGINT);
  EXPECT_EQ(signals->Wait(absl::InfiniteFuture()), StopSignals::Event::kSignal);
  EXPECT_EQ(signals->Wait(absl::InfiniteFuture()), StopSignals::Event::kNotified);
  EXPECT_EQ(signals->Wait(absl::InfinitePast()), StopSignals::Event::kTimeout);
  std::thread notifier([&] { signals->Notify(); });
  EXPECT_EQ(signals->Wait(absl::InfiniteFuture()), StopSignals::Event::kNotified);
  notifier.join();
}

}  // namespace
}  // namespace diffuser::lifecycle
