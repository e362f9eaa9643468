// diffuser-server: builds the object graph, top to bottom, and runs it.
//
// Exit codes: 0 served and stopped as told; 1 could not serve (port, checkpoint, device) or was
// interrupted while draining; 2 wrong flag, variable or file; 3 a device has failed while it served
// (--on_device_failure): to be started again.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "model/classifier.h"
#include "model/tokenizer/tokenizer.h"
#include "server/config/build_info.h"
#include "server/config/command_line.h"
#include "server/lifecycle/device_reporter.h"
#include "server/lifecycle/model_loading.h"
#include "server/lifecycle/run.h"
#include "server/lifecycle/server.h"
#include "server/lifecycle/stop_signals.h"
#include "server/logging/json_logger.h"
#include "server/metrics/device_metrics.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/models/serving.h"
#include "server/services/call_gate.h"
#include "server/services/classification_service.h"

namespace diffuser {
namespace {

logging::Level ToLevel(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kDebug:
      return logging::Level::kDebug;
    case config::LogLevel::kInfo:
      return logging::Level::kInfo;
    case config::LogLevel::kWarning:
      return logging::Level::kWarning;
    case config::LogLevel::kError:
      return logging::Level::kError;
  }
  return logging::Level::kInfo;
}

// Names have been checked with the flags.
model::Precision ToPrecision(const std::string& name) {
  return model::PrecisionFromName(name).value_or(model::Precision::kAuto);
}

std::vector<models::ModelSpec> ToSpecs(const config::ServerOptions& options) {
  std::vector<models::ModelSpec> specs;
  for (const config::ModelOption& model : options.models) {
    specs.push_back({model.name, model.version, model.directory,
                     ToPrecision(model.precision.empty() ? options.precision : model.precision)});
  }
  return specs;
}

void LogPrecisionCheck(const std::string& directory, const model::PrecisionCheck& check,
                       logging::Logger& logger) {
  logger.Log(logging::Level::kInfo, check.passed ? "precision_accepted" : "precision_rejected",
             {{"directory", directory},
              {"precision", model::PrecisionName(check.precision)},
              {"largest_logit_difference", check.largest_logit_difference},
              {"largest_score_difference", check.largest_score_difference},
              {"same_top_labels", check.same_top_labels},
              {"documents", check.documents}});
}

models::ServingOptions ToServingOptions(const config::ServerOptions& options) {
  models::ServingOptions serving;
  serving.tokenizer_pool.threads = options.tokenizer_threads;
  serving.queue.max_tokens = options.max_queue_tokens;
  serving.queue.max_documents = options.max_queue_documents;
  serving.batch.budget_tokens = options.max_batch_tokens;
  serving.batch.max_documents = options.max_batch_documents;
  serving.batch.max_delay = options.max_batch_delay;
  serving.passes_over_devices = options.device == "auto";
  serving.on_device_failure = options.on_device_failure == config::DeviceFailure::kReload
                                  ? models::OnDeviceFailure::kReload
                                  : models::OnDeviceFailure::kExit;
  return serving;
}

models::ModelFactories MakeFactories(const config::ServerOptions& options,
                                     metrics::Metrics* metrics, models::ServingEvents* events,
                                     logging::Logger* logger) {
  model::LoadOptions load;
  load.compute_threads = options.compute_threads;
  load.max_batch_tokens = options.max_batch_tokens;
  load.on_internal_error = [logger](const std::string& details) {
    logger->Log(logging::Level::kError, "compute_failed", {{"details", details}});
  };
  load.on_fallback = [events](const model::Fallback& fallback) { events->OnFallback(fallback); };
  return {.find_devices = [device = options.device,
                           load] { return model::FindDevices(device, load.on_fallback); },
          .load_classifier =
              [load, metrics, logger](const models::ModelSpec& spec, const std::string& device) {
                model::LoadOptions of_model = load;
                of_model.device = device;
                of_model.precision = spec.precision;
                of_model.on_precision_check = [&](const model::PrecisionCheck& check) {
                  LogPrecisionCheck(spec.directory, check, *logger);
                };
                of_model.on_device_part = [metrics, device](std::string_view part, double seconds) {
                  metrics->devices().AddPart(device, part, seconds);
                };
                return model::Classifier::Load(spec.directory, of_model);
              },
          .load_tokenizer = tokenizer::Tokenizer::Load,
          .make_observer =
              [metrics](const models::ModelSpec& spec) {
                return metrics->AddModel(spec.name, spec.version);
              }};
}

services::ServiceLimits ToLimits(const config::ServerOptions& options) {
  return {.max_batch_documents_per_call = options.max_batch_documents_per_call,
          .max_stream_documents = options.max_stream_documents};
}

lifecycle::ServerOptions ToListening(const config::ServerOptions& options) {
  return {.listen = options.listen,
          .max_message_bytes = options.max_message_bytes,
          .health_services = {services::kClassificationService}};
}

void LogListening(const config::ServerOptions& options, int grpc_port, int metrics_port,
                  logging::Logger& logger) {
  const config::BuildInfo build = config::GetBuildInfo();
  logger.Log(logging::Level::kInfo, "listening",
             {{"grpc_address", options.listen},
              {"grpc_port", grpc_port},
              {"metrics_address", options.metrics_listen},
              {"metrics_port", metrics_port},
              {"version", build.version.data()},
              {"revision", build.revision.data()},
              {"models", options.models.size()},
              {"compute_threads", options.compute_threads},
              {"tokenizer_threads", options.tokenizer_threads},
              {"max_batch_tokens", options.max_batch_tokens},
              {"max_queue_tokens", options.max_queue_tokens},
              {"max_message_bytes", options.max_message_bytes}});
}

int Fail(const absl::Status& status, logging::Logger& logger) {
  const std::string message(status.message());
  logger.Log(logging::Level::kError, "failed", {{"message", message}});
  return 1;
}

int ToExitCode(lifecycle::Ending ending) {
  switch (ending) {
    case lifecycle::Ending::kDrained:
    case lifecycle::Ending::kTimedOut:
      return 0;
    case lifecycle::Ending::kInterrupted:
      return 1;
    case lifecycle::Ending::kDeviceFailed:
      return 3;
  }
  return 1;
}

// Ends the process without taking the graph apart: a batch under way cannot be interrupted, and
// giving back gigabytes of weights page by page helps nobody. Everything that was said has been
// written.
[[noreturn]] void Leave(int code) { std::_Exit(code); }

void Serve(const config::ServerOptions& options, lifecycle::StopSignals& signals) {
  const auto logger = logging::MakeStderrLogger(ToLevel(options.log_level));
  const config::BuildInfo build = config::GetBuildInfo();
  metrics::Metrics metrics;
  metrics.SetBuildInfo(build.version.data(), build.revision.data(), build.compiler.data());
  const auto endpoint = metrics::MetricsEndpoint::Start(options.metrics_listen, metrics);
  if (!endpoint.ok()) Leave(Fail(endpoint.status(), *logger));

  models::ModelRegistry registry(ToSpecs(options));
  const auto notify = [&signals] { signals.Notify(); };
  lifecycle::DeviceReporter devices({.registry = &registry,
                                     .metrics = &metrics,
                                     .logger = logger.get(),
                                     .on_change = notify});
  models::Serving serving(ToServingOptions(options),
                          MakeFactories(options, &metrics, &devices, logger.get()), &devices,
                          absl::Now);
  lifecycle::ModelLoading loading(
      {.registry = &registry,
       .metrics = &metrics,
       .logger = logger.get(),
       .load = [&serving](const models::ModelSpec& spec) { return serving.Load(spec); }});

  services::CallGate gate;
  const auto classification = services::MakeClassificationService({.registry = &registry,
                                                                   .metrics = &metrics,
                                                                   .logger = logger.get(),
                                                                   .gate = &gate,
                                                                   .limits = ToLimits(options)});
  const auto server = lifecycle::Server::Start(ToListening(options), {classification.get()});
  if (!server.ok()) Leave(Fail(server.status(), *logger));
  LogListening(options, (*server)->port(), (*endpoint)->port(), *logger);

  const auto ending = lifecycle::RunUntilStopped({.server = server->get(),
                                                  .gate = &gate,
                                                  .loading = &loading,
                                                  .signals = &signals,
                                                  .logger = logger.get(),
                                                  .condition = [&] { return serving.condition(); },
                                                  .drain_timeout = options.drain_timeout});
  if (!ending.ok()) Leave(Fail(ending.status(), *logger));
  Leave(ToExitCode(*ending));
}

int Main(int argc, char** argv) {
  lifecycle::SilenceLibraries();
  const auto line = config::ParseCommandLine(argc, argv);
  if (!line.ok()) {
    std::fprintf(stderr, "diffuser-server: %s\n", std::string(line.status().message()).c_str());
    return 2;
  }
  if (!line->print.empty()) {
    std::fputs(line->print.c_str(), stdout);
    return 0;
  }
  const auto signals = lifecycle::StopSignals::Block();
  if (!signals.ok()) {
    std::fprintf(stderr, "diffuser-server: %s\n", std::string(signals.status().message()).c_str());
    return 1;
  }
  Serve(line->options, **signals);
  return 1;
}

}  // namespace
}  // namespace diffuser

int main(int argc, char** argv) { return diffuser::Main(argc, argv); }
