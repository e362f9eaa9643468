#include "server/metrics/device_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string>

#include "server/metrics/metrics.h"
#include "tests/server/metrics/exposition.h"

namespace diffuser::metrics {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

std::map<std::string, double> Scrape(const DeviceMetrics& metrics) {
  return ParseExposition(prometheus::TextSerializer().Serialize(metrics.Collect()));
}

DeviceReading OfAGpu() {
  return {.batches_in_flight = 2, .memory = model::DeviceMemory{.used = 30, .free = 50}};
}

TEST(DeviceMetrics, ReadsADeviceAtEachScrape) {
  DeviceMetrics metrics;
  DeviceReading reading = OfAGpu();
  metrics.SetInUse("cuda:0", [&] { return reading; });
  EXPECT_EQ(Scrape(metrics).at("diffuser_device_batches_in_flight{device=\"cuda:0\"}"), 2);
  reading.batches_in_flight = 1;
  const auto samples = Scrape(metrics);
  EXPECT_EQ(samples.at("diffuser_device_batches_in_flight{device=\"cuda:0\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_device_memory_used_bytes{device=\"cuda:0\"}"), 30);
  EXPECT_EQ(samples.at("diffuser_device_memory_free_bytes{device=\"cuda:0\"}"), 50);
  EXPECT_EQ(samples.at("diffuser_device_healthy{device=\"cuda:0\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_device_failures_total{device=\"cuda:0\"}"), 0);
}

TEST(DeviceMetrics, SaysNothingOfMemoryThatIsNotTheDevicesOwn) {
  DeviceMetrics metrics;
  metrics.SetInUse("cpu", [] { return DeviceReading{}; });
  const auto samples = Scrape(metrics);
  EXPECT_THAT(samples, Contains(Key("diffuser_device_batches_in_flight{device=\"cpu\"}")));
  EXPECT_THAT(samples, Not(Contains(Key(HasSubstr("_memory_")))));
  EXPECT_THAT(samples, Not(Contains(Key(HasSubstr("utilization")))));
}

TEST(DeviceMetrics, DoesNotReadADeviceThatHasFailed) {
  DeviceMetrics metrics;
  metrics.SetInUse("cuda:0", OfAGpu);
  metrics.CountFailure("cuda:0");
  auto samples = Scrape(metrics);
  EXPECT_EQ(samples.at("diffuser_device_healthy{device=\"cuda:0\"}"), 0);
  EXPECT_EQ(samples.at("diffuser_device_failures_total{device=\"cuda:0\"}"), 1);
  EXPECT_THAT(samples, Not(Contains(Key(HasSubstr("in_flight")))));
  EXPECT_THAT(samples, Not(Contains(Key(HasSubstr("_memory_")))));
  metrics.SetInUse("cuda:0", OfAGpu);
  samples = Scrape(metrics);
  EXPECT_EQ(samples.at("diffuser_device_healthy{device=\"cuda:0\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_device_failures_total{device=\"cuda:0\"}"), 1);
}

TEST(DeviceMetrics, AddsPartsUp) {
  DeviceMetrics metrics;
  metrics.AddPart("cuda:0", "attention", 0.25);
  metrics.AddPart("cuda:0", "attention", 0.5);
  metrics.AddPart("cuda:1", "attention", 1);
  const auto samples = Scrape(metrics);
  const std::string labels = "{device=\"cuda:0\",part=\"attention\"}";
  EXPECT_EQ(samples.at("diffuser_device_part_duration_seconds_sum" + labels), 0.75);
  EXPECT_EQ(samples.at("diffuser_device_part_duration_seconds_count" + labels), 2);
}

TEST(DeviceMetrics, ShowsFallbacksBeforeTheyHappen) {
  DeviceMetrics metrics;
  const std::string lost = "diffuser_kernel_fallback{reason=\"device_lost\"}";
  EXPECT_EQ(Scrape(metrics).at(lost), 0);
  metrics.SetFallback("device_lost");
  metrics.SetFallback("device_lost");
  EXPECT_EQ(Scrape(metrics).at(lost), 1);
  EXPECT_EQ(Scrape(metrics).at("diffuser_kernel_fallback{reason=\"self_check\"}"), 0);
}

TEST(DeviceMetrics, GivesTheUtilizationThatTheDriverTells) {
  DeviceMetrics metrics({.nvml = DIFFUSER_FAKE_NVIDIA_DRIVER, .cuda = DIFFUSER_FAKE_NVIDIA_DRIVER});
  metrics.SetInUse("cpu", OfAGpu);
  EXPECT_THAT(Scrape(metrics), Not(Contains(Key(HasSubstr("utilization")))));
  metrics.SetInUse("cuda:0", OfAGpu);
  metrics.SetInUse("cuda:7", OfAGpu);
  const auto samples = Scrape(metrics);
  EXPECT_EQ(samples.at("diffuser_device_utilization_ratio{device=\"cuda:0\"}"), 0.75);
  EXPECT_THAT(samples, Not(Contains(Key("diffuser_device_utilization_ratio{device=\"cuda:7\"}"))));
}

TEST(DeviceMetrics, AreAmongTheServersMetrics) {
  Metrics metrics;
  metrics.devices().SetInUse("cpu", [] { return DeviceReading{}; });
  EXPECT_EQ(ParseExposition(metrics.Expose()).at("diffuser_device_healthy{device=\"cpu\"}"), 1);
}

}  // namespace
}  // namespace diffuser::metrics
