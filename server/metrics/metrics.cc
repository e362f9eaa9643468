#include "server/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <sstream>

#include "server/metrics/buckets.h"
#include "server/metrics/device_metrics.h"
#include "server/metrics/model_observer.h"
#include "server/metrics/process_collector.h"
#include "server/metrics/request_ledger.h"

namespace diffuser::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

Family<Counter>& CounterFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& GaugeFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& HistogramFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

Labels VersionLabels(std::string_view model, std::string_view version) {
  return {{"model", std::string(model)}, {"version", std::string(version)}};
}

}  // namespace

struct Metrics::Families {
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  Family<Histogram>& tokenize = HistogramFamily(*registry, "diffuser_tokenize_duration_seconds",
                                                "Turning one text into tokens.");
  Family<Histogram>& queue =
      HistogramFamily(*registry, "diffuser_queue_duration_seconds",
                      "From a document's (or chunk's) admission to the queue to its batch.");
  Family<Histogram>& compute = HistogramFamily(*registry, "diffuser_compute_duration_seconds",
                                               "Running one batch through the model.");
  Family<Gauge>& queue_tokens =
      GaugeFamily(*registry, "diffuser_queue_tokens", "Tokens that wait in the queue.");
  Family<Gauge>& queue_documents = GaugeFamily(*registry, "diffuser_queue_documents",
                                               "Documents and chunks that wait in the queue.");
  Family<Histogram>& batch_documents =
      HistogramFamily(*registry, "diffuser_batch_documents", "Documents and chunks in one batch.");
  Family<Histogram>& batch_tokens =
      HistogramFamily(*registry, "diffuser_batch_tokens", "Tokens in one batch.");
  Family<Histogram>& document_tokens =
      HistogramFamily(*registry, "diffuser_document_tokens",
                      "Tokens of one whole document, before anything is cut off.");
  Family<Counter>& tokens_used =
      CounterFamily(*registry, "diffuser_tokens_used_total",
                    "Tokens of documents that the model read, each counted once.");
  Family<Counter>& tokens_truncated =
      CounterFamily(*registry, "diffuser_tokens_truncated_total",
                    "Tokens of documents that were cut off, as the caller allowed.");
  Family<Counter>& rejected = CounterFamily(
      *registry, "diffuser_documents_rejected_total",
      "Documents not admitted: invalid, queue_tokens (queue full), queue_documents, draining.");
  Family<Counter>& dropped =
      CounterFamily(*registry, "diffuser_documents_dropped_total",
                    "Admitted documents that were not computed: expired, cancelled.");
  Family<Gauge>& loaded =
      GaugeFamily(*registry, "diffuser_model_loaded", "1 once the model answers requests, else 0.");
  Family<Gauge>& load_time = GaugeFamily(*registry, "diffuser_model_load_duration_seconds",
                                         "Reading, checking and warming up the model.");
  Family<Gauge>& build = GaugeFamily(*registry, "diffuser_build_info",
                                     "Always 1; the labels say which build is running.");

  ModelSeries SeriesOf(std::string_view model);
};

ModelSeries Metrics::Families::SeriesOf(std::string_view model) {
  const Labels labels = {{"model", std::string(model)}};
  const auto reason = [&](const char* value) {
    return Labels{{"model", std::string(model)}, {"reason", value}};
  };
  return {.tokenize = &tokenize.Add(labels, SecondsBuckets()),
          .queue = &queue.Add(labels, SecondsBuckets()),
          .compute = &compute.Add(labels, SecondsBuckets()),
          .queue_tokens = &queue_tokens.Add(labels),
          .queue_documents = &queue_documents.Add(labels),
          .batch_documents = &batch_documents.Add(labels, DocumentsBuckets()),
          .batch_tokens = &batch_tokens.Add(labels, TokensBuckets()),
          .document_tokens = &document_tokens.Add(labels, TokensBuckets()),
          .tokens_used = &tokens_used.Add(labels),
          .tokens_truncated = &tokens_truncated.Add(labels),
          .rejected = {&rejected.Add(reason("invalid")), &rejected.Add(reason("queue_tokens")),
                       &rejected.Add(reason("queue_documents")), &rejected.Add(reason("draining"))},
          .dropped = {&dropped.Add(reason("expired")), &dropped.Add(reason("cancelled"))}};
}

Metrics::Metrics()
    : requests_(std::make_shared<RequestLedger>()),
      devices_(std::make_shared<DeviceMetrics>()),
      process_(std::make_shared<ProcessCollector>()),
      families_(std::make_unique<Families>()) {}

Metrics::~Metrics() = default;

std::shared_ptr<ServingObserver> Metrics::AddModel(std::string_view model,
                                                   std::string_view version) {
  SetModelLoaded(model, version, false);
  return std::make_shared<ModelObserver>(families_->SeriesOf(model));
}

void Metrics::SetModelLoaded(std::string_view model, std::string_view version, bool loaded) {
  families_->loaded.Add(VersionLabels(model, version)).Set(loaded ? 1 : 0);
}

void Metrics::SetModelLoadTime(std::string_view model, std::string_view version,
                               absl::Duration time) {
  families_->load_time.Add(VersionLabels(model, version)).Set(absl::ToDoubleSeconds(time));
}

void Metrics::CountRejected(std::string_view model, RejectReason reason) {
  families_->rejected.Add({{"model", std::string(model)}, {"reason", ReasonName(reason)}})
      .Increment();
}

void Metrics::SetBuildInfo(std::string_view version, std::string_view revision,
                           std::string_view compiler) {
  families_->build
      .Add({{"version", std::string(version)},
            {"revision", std::string(revision)},
            {"compiler", std::string(compiler)}})
      .Set(1);
}

std::vector<std::shared_ptr<prometheus::Collectable>> Metrics::collectables() const {
  return {requests_, families_->registry, devices_, process_};
}

std::string Metrics::Expose() const {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables()) {
    std::vector<prometheus::MetricFamily> more = collectable->Collect();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace diffuser::metrics
