#include "server/lifecycle/device_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>

#include "server/logging/json_logger.h"
#include "tests/server/metrics/exposition.h"

namespace diffuser::lifecycle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DeviceReporterTest : public ::testing::Test {
 protected:
  double Sample(const std::string& series) const {
    return metrics::ParseExposition(metrics_.Expose()).at(series);
  }

  const models::ModelSpec spec_{"m", "2", "/m"};
  models::ModelRegistry registry_{{spec_}};
  metrics::Metrics metrics_;
  std::ostringstream log_;
  const std::unique_ptr<logging::Logger> logger_ =
      logging::MakeJsonLogger(logging::Level::kInfo, log_);
  int changes_ = 0;
  DeviceReporter reporter_{{.registry = &registry_,
                            .metrics = &metrics_,
                            .logger = logger_.get(),
                            .on_change = [this] { ++changes_; }}};
};

TEST_F(DeviceReporterTest, LogsAndCountsALostDevice) {
  reporter_.OnDevice("cuda:0", [] { return metrics::DeviceReading{}; });
  EXPECT_EQ(Sample("diffuser_device_healthy{device=\"cuda:0\"}"), 1);
  reporter_.OnDeviceLost("cuda:0", absl::UnavailableError("an illegal address was read"));
  EXPECT_EQ(Sample("diffuser_device_healthy{device=\"cuda:0\"}"), 0);
  EXPECT_EQ(Sample("diffuser_device_failures_total{device=\"cuda:0\"}"), 1);
  EXPECT_THAT(log_.str(),
              AllOf(HasSubstr("\"level\":\"error\""), HasSubstr("\"event\":\"device_lost\""),
                    HasSubstr("\"device\":\"cuda:0\""), HasSubstr("an illegal address was read")));
}

TEST_F(DeviceReporterTest, WarnsOfAFallback) {
  reporter_.OnFallback({.reason = "self_check", .details = "row 3 differs by 0.5"});
  EXPECT_EQ(Sample("diffuser_kernel_fallback{reason=\"self_check\"}"), 1);
  EXPECT_THAT(log_.str(),
              AllOf(HasSubstr("\"level\":\"warning\""), HasSubstr("\"event\":\"kernel_fallback\""),
                    HasSubstr("self_check"), HasSubstr("row 3 differs by 0.5")));
}

TEST_F(DeviceReporterTest, DoesNotWarnOfAMachineWithoutAGpu) {
  reporter_.OnFallback({.reason = "no_driver", .details = "libcuda.so.1 is not there"});
  EXPECT_EQ(Sample("diffuser_kernel_fallback{reason=\"no_driver\"}"), 1);
  EXPECT_THAT(log_.str(), HasSubstr("\"level\":\"info\""));
}

TEST_F(DeviceReporterTest, LogsALoweredBudget) {
  reporter_.OnLoweredBudget(spec_, "cuda:1", 2048);
  EXPECT_THAT(log_.str(),
              AllOf(HasSubstr("\"event\":\"token_budget_lowered\""), HasSubstr("\"model\":\"m\""),
                    HasSubstr("\"device\":\"cuda:1\""), HasSubstr("\"max_batch_tokens\":2048")));
}

TEST_F(DeviceReporterTest, LogsWhatCameOfAReload) {
  reporter_.OnReload(spec_, "cuda:0", absl::InternalError("the context is gone"));
  EXPECT_THAT(log_.str(),
              AllOf(HasSubstr("model_reload_failed"), HasSubstr("the context is gone")));
  reporter_.OnReload(spec_, "cpu", absl::OkStatus());
  EXPECT_THAT(log_.str(), HasSubstr("model_reloaded"));
}

TEST_F(DeviceReporterTest, KeepsWhatIsSaidOfAModelTrue) {
  models::ServedModel model;
  model.replicas = {.devices = "cuda:0,cuda:1", .precisions = "bfloat16"};
  registry_.SetReady(spec_, std::make_shared<const models::ServedModel>(model));
  reporter_.OnReplicas(spec_, {.devices = "cuda:1", .precisions = "bfloat16"});
  EXPECT_EQ((*registry_.FindReady("m", "2"))->replicas.devices, "cuda:1");
  EXPECT_EQ(Sample("diffuser_model_loaded{model=\"m\",version=\"2\"}"), 1);
  reporter_.OnReplicas(spec_, {});
  EXPECT_EQ(Sample("diffuser_model_loaded{model=\"m\",version=\"2\"}"), 0);
  EXPECT_EQ(changes_, 2);
}

}  // namespace
}  // namespace diffuser::lifecycle
