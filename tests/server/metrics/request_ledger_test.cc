#include "server/metrics/request_ledger.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "tests/server/metrics/exposition.h"

namespace diffuser::metrics {
namespace {

std::map<std::string, double> Scrape(const RequestLedger& ledger) {
  return ParseExposition(prometheus::TextSerializer().Serialize(ledger.Collect()));
}

// Received less completed less in flight, of one series.
double Unaccounted(const std::map<std::string, double>& samples, const std::string& labels) {
  double left = samples.at("diffuser_requests_received_total{" + labels + "}") -
                samples.at("diffuser_requests_in_flight{" + labels + "}");
  double completed = 0;
  for (const auto& [series, value] : samples) {
    if (series.starts_with("diffuser_requests_completed_total{" + labels)) completed += value;
  }
  EXPECT_EQ(completed, samples.at("diffuser_request_duration_seconds_count{" + labels + "}"));
  return left - completed;
}

TEST(RequestLedger, CountsByMethodModelAndCode) {
  RequestLedger ledger;
  ledger.Receive("Classify", "a");
  ledger.Receive("Classify", "a");
  ledger.Receive("Classify", "a");
  ledger.Receive("Classify", "");
  ledger.Complete("Classify", "a", "OK", absl::Milliseconds(20));
  ledger.Complete("Classify", "a", "INTERNAL", absl::Seconds(100));
  const auto samples = Scrape(ledger);
  const std::string labels = "method=\"Classify\",model=\"a\"";
  EXPECT_EQ(samples.at("diffuser_requests_received_total{" + labels + "}"), 3);
  EXPECT_EQ(samples.at("diffuser_requests_in_flight{" + labels + "}"), 1);
  EXPECT_EQ(samples.at("diffuser_requests_completed_total{" + labels + ",code=\"OK\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_requests_completed_total{" + labels + ",code=\"INTERNAL\"}"), 1);
  EXPECT_EQ(samples.at("diffuser_requests_in_flight{method=\"Classify\",model=\"\"}"), 1);
}

TEST(RequestLedger, PutsDurationsIntoCumulativeBuckets) {
  RequestLedger ledger;
  for (const absl::Duration time :
       {absl::ZeroDuration(), absl::Milliseconds(1), absl::Milliseconds(2), absl::Seconds(61)}) {
    ledger.Receive("Classify", "a");
    ledger.Complete("Classify", "a", "OK", time);
  }
  const auto samples = Scrape(ledger);
  const auto bucket = [&](const std::string& bound) {
    return samples.at(
        "diffuser_request_duration_seconds_bucket{method=\"Classify\",model=\"a\",le=\"" + bound +
        "\"}");
  };
  EXPECT_EQ(bucket("0.0001"), 1);
  EXPECT_EQ(bucket("0.001"), 2);  // bounds belong to their bucket
  EXPECT_EQ(bucket("0.0025"), 3);
  EXPECT_EQ(bucket("60"), 3);
  EXPECT_EQ(bucket("+Inf"), 4);
  EXPECT_DOUBLE_EQ(
      samples.at("diffuser_request_duration_seconds_sum{method=\"Classify\",model=\"a\"}"), 61.003);
}

TEST(RequestLedger, ShowsDeclaredSeriesAtZero) {
  RequestLedger ledger;
  ledger.Declare("GetModel", "a");
  const auto samples = Scrape(ledger);
  EXPECT_EQ(samples.at("diffuser_requests_received_total{method=\"GetModel\",model=\"a\"}"), 0);
  EXPECT_EQ(
      samples.at("diffuser_requests_completed_total{method=\"GetModel\",model=\"a\",code=\"OK\"}"),
      0);
}

TEST(RequestLedger, AddsUpAtEveryScrapeUnderConcurrentRequests) {
  RequestLedger ledger;
  ledger.Declare("Classify", "a");
  ledger.Declare("Classify", "b");
  std::atomic<int> running = 4;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&ledger, &running, t] {
      const char* model = t % 2 == 0 ? "a" : "b";
      for (int i = 0; i < 2000; ++i) {
        ledger.Receive("Classify", model);
        ledger.Complete("Classify", model, i % 3 == 0 ? "CANCELLED" : "OK", absl::Microseconds(i));
      }
      --running;
    });
  }
  do {
    const auto samples = Scrape(ledger);
    EXPECT_EQ(Unaccounted(samples, "method=\"Classify\",model=\"a\""), 0);
    EXPECT_EQ(Unaccounted(samples, "method=\"Classify\",model=\"b\""), 0);
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();
  const auto samples = Scrape(ledger);
  EXPECT_EQ(samples.at("diffuser_requests_received_total{method=\"Classify\",model=\"a\"}"), 4000);
  EXPECT_EQ(samples.at("diffuser_requests_in_flight{method=\"Classify\",model=\"a\"}"), 0);
}

}  // namespace
}  // namespace diffuser::metrics
