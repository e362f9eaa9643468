#include "server/metrics/metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "server/metrics/process_collector.h"
#include "tests/server/metrics/exposition.h"

namespace diffuser::metrics {
namespace {

TEST(Metrics, WritesWhatAModelsRequestPathReports) {
  Metrics metrics;
  const auto observer = metrics.AddModel("m", "1");
  observer->OnTokenized(100, absl::Milliseconds(3));
  observer->OnDocument(100, 60);
  observer->OnQueue(2, 160);
  observer->OnDequeued(absl::Milliseconds(7));
  observer->OnBatch(2, 160, absl::Seconds(1));
  const auto samples = ParseExposition(metrics.Expose());
  EXPECT_DOUBLE_EQ(samples.at("diffuser_tokenize_duration_seconds_sum{model=\"m\"}"), 0.003);
  EXPECT_DOUBLE_EQ(samples.at("diffuser_queue_duration_seconds_sum{model=\"m\"}"), 0.007);
  EXPECT_DOUBLE_EQ(samples.at("diffuser_compute_duration_seconds_sum{model=\"m\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_document_tokens_sum{model=\"m\"}"), 100);
  EXPECT_EQ(samples.at("diffuser_tokens_used_total{model=\"m\"}"), 60);
  EXPECT_EQ(samples.at("diffuser_tokens_truncated_total{model=\"m\"}"), 40);
  EXPECT_EQ(samples.at("diffuser_queue_documents{model=\"m\"}"), 2);
  EXPECT_EQ(samples.at("diffuser_queue_tokens{model=\"m\"}"), 160);
  EXPECT_EQ(samples.at("diffuser_batch_documents_sum{model=\"m\"}"), 2);
  EXPECT_EQ(samples.at("diffuser_batch_tokens_bucket{model=\"m\",le=\"256\"}"), 1);
}

TEST(Metrics, CountsEveryReasonOfRefusalAndDrop) {
  Metrics metrics;
  const auto observer = metrics.AddModel("m", "1");
  const std::map<std::string, RejectReason> rejected = {
      {"invalid", RejectReason::kInvalid},
      {"queue_tokens", RejectReason::kQueueTokens},
      {"queue_documents", RejectReason::kQueueDocuments},
      {"draining", RejectReason::kDraining}};
  for (const auto& [name, reason] : rejected) {
    const std::string series =
        "diffuser_documents_rejected_total{model=\"m\",reason=\"" + name + "\"}";
    EXPECT_EQ(ParseExposition(metrics.Expose()).at(series), 0) << "shown before it happens";
    observer->OnRejected(reason);
    metrics.CountRejected("m", reason);
    EXPECT_EQ(ParseExposition(metrics.Expose()).at(series), 2);
  }
  observer->OnDropped(DropReason::kExpired);
  observer->OnDropped(DropReason::kCancelled);
  observer->OnDropped(DropReason::kCancelled);
  const auto samples = ParseExposition(metrics.Expose());
  EXPECT_EQ(samples.at("diffuser_documents_dropped_total{model=\"m\",reason=\"expired\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_documents_dropped_total{model=\"m\",reason=\"cancelled\"}"), 2);
}

TEST(Metrics, AddsTheQueuesOfAModelsVersionsUp) {
  Metrics metrics;
  const auto first = metrics.AddModel("m", "1");
  auto second = metrics.AddModel("m", "2");
  first->OnQueue(3, 300);
  second->OnQueue(1, 50);
  first->OnQueue(2, 200);
  EXPECT_EQ(ParseExposition(metrics.Expose()).at("diffuser_queue_tokens{model=\"m\"}"), 250);
  second.reset();
  EXPECT_EQ(ParseExposition(metrics.Expose()).at("diffuser_queue_documents{model=\"m\"}"), 2);
}

TEST(Metrics, TellsWhichModelsAreLoaded) {
  Metrics metrics;
  const auto observer = metrics.AddModel("m", "7");
  const std::string loaded = "diffuser_model_loaded{model=\"m\",version=\"7\"}";
  EXPECT_EQ(ParseExposition(metrics.Expose()).at(loaded), 0);
  metrics.SetModelLoaded("m", "7", true);
  metrics.SetModelLoadTime("m", "7", absl::Milliseconds(1500));
  const auto samples = ParseExposition(metrics.Expose());
  EXPECT_EQ(samples.at(loaded), 1);
  EXPECT_EQ(samples.at("diffuser_model_load_duration_seconds{model=\"m\",version=\"7\"}"), 1.5);
}

TEST(Metrics, TellsBuildAndProcess) {
  Metrics metrics;
  metrics.SetBuildInfo("1.2.3", "abc", "gcc \"12\"");
  const auto samples = ParseExposition(metrics.Expose());
  EXPECT_EQ(samples.at("diffuser_build_info{compiler=\"gcc \\\"12\\\"\",revision=\"abc\","
                       "version=\"1.2.3\"}"),
            1);
  EXPECT_GE(samples.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(samples.at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(samples.at("process_virtual_memory_bytes"),
            samples.at("process_resident_memory_bytes"));
  EXPECT_GT(samples.at("process_open_fds"), 2);
  EXPECT_GE(samples.at("process_max_fds"), samples.at("process_open_fds"));
  EXPECT_GE(samples.at("process_threads"), 1);
  EXPECT_GT(samples.at("process_start_time_seconds"), 1.7e9);
}

TEST(ProcessCollector, ReadsFieldsAfterAnyProgramName) {
  const std::filesystem::path proc =
      std::filesystem::path(testing::TempDir()) / ("proc_" + std::to_string(getpid()));
  std::filesystem::create_directories(proc / "self");
  std::ofstream(proc / "stat") << "cpu 1 2\nbtime 1000\n";
  std::ofstream(proc / "self" / "stat")
      << "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 33 0 500 4096 3 0\n";
  std::map<std::string, double> values;
  for (const auto& family : ProcessCollector(proc.string()).Collect()) {
    values[family.name] = family.metric[0].counter.value + family.metric[0].gauge.value;
  }
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_EQ(values["process_cpu_seconds_total"], 400 / ticks);
  EXPECT_EQ(values["process_threads"], 33);
  EXPECT_EQ(values["process_virtual_memory_bytes"], 4096);
  EXPECT_EQ(values["process_resident_memory_bytes"], 3.0 * sysconf(_SC_PAGESIZE));
  EXPECT_EQ(values["process_start_time_seconds"], 1000 + 500 / ticks);
  EXPECT_EQ(values.count("process_open_fds"), 0U);
}

TEST(MetricsEndpoint, TakesAFreePortAndRefusesOneInUse) {
  Metrics metrics;
  const auto endpoint = MetricsEndpoint::Start("127.0.0.1:0", metrics);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  ASSERT_GT((*endpoint)->port(), 0);
  const std::string address = "127.0.0.1:" + std::to_string((*endpoint)->port());
  const auto second = MetricsEndpoint::Start(address, metrics);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(address), std::string::npos) << second.status();
}

}  // namespace
}  // namespace diffuser::metrics
