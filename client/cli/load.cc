#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/documents.h"
#include "client/cli/json.h"
#include "client/cli/latency.h"
#include "client/cli/load_run.h"
#include "client/cli/table.h"

namespace diffuser::cli {
namespace {

constexpr int kMostConcurrency = 10000;
constexpr int64_t kMostDocuments = 10'000'000;

struct LoadFlags {
  ConnectionFlags connection;
  std::string model, version;
  double rate = 10;
  absl::Duration duration = absl::Seconds(10);
  int64_t max_documents = 1'000'000;
  int concurrency = 0;
  std::string arrivals = "poisson";
  std::string lengths = "512";
  std::vector<std::string> files;
  uint64_t seed = 1;
  bool json = false;
};

using NextRequest = std::function<v1::ClassifyRequest()>;

// Documents of random ids, as many ids as the model knows.
absl::StatusOr<NextRequest> MakeRandomSource(const LoadFlags& flags,
                                             const client::ClassificationClient& client) {
  absl::StatusOr<LengthMix> mix = LengthMix::Parse(flags.lengths);
  if (!mix.ok()) return mix.status();
  const auto model = client.GetModel(flags.model, flags.version, flags.connection.call);
  if (!model.ok()) return model.status();
  if (model->state() != v1::READY || model->vocab_size() <= 5) {
    return absl::FailedPreconditionError(absl::StrCat("model \"", model->model(), "\" is ",
                                                      v1::ModelState_Name(model->state()), " with ",
                                                      model->vocab_size(), " token ids"));
  }
  const auto documents =
      std::make_shared<RandomDocuments>(*std::move(mix), model->vocab_size(), flags.seed);
  return [documents] {
    v1::ClassifyRequest request;
    *request.mutable_document() = documents->Next();
    return request;
  };
}

// The given files in turn, over and over.
absl::StatusOr<NextRequest> MakeFileSource(const LoadFlags& flags, Console& console) {
  const auto documents = std::make_shared<std::vector<v1::Document>>();
  DocumentFormat format;
  format.max_bytes = static_cast<size_t>(flags.connection.max_message_mib) << 20;
  for (const std::string& file : flags.files) {
    auto document = ReadDocument(file, console.in, format);
    if (!document.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(file, " ", document.status().message()));
    }
    document->clear_id();
    documents->push_back(*std::move(document));
  }
  return [documents, next = size_t{0}]() mutable {
    v1::ClassifyRequest request;
    *request.mutable_document() = (*documents)[next++ % documents->size()];
    return request;
  };
}

std::vector<std::string> LatencyRow(const std::string& name, const std::vector<double>& seconds) {
  const LatencySummary summary = Summarize(seconds);
  std::vector<std::string> row = {name};
  for (double value : {summary.p50, summary.p90, summary.p99, summary.max, summary.mean}) {
    row.push_back(absl::StrFormat("%.3f", value * 1e3));
  }
  return row;
}

Json LatencyToJson(const std::vector<double>& seconds) {
  const LatencySummary summary = Summarize(seconds);
  return {{"p50", summary.p50},
          {"p90", summary.p90},
          {"p99", summary.p99},
          {"max", summary.max},
          {"mean", summary.mean}};
}

struct Throughput {
  double documents = 0, tokens = 0;  // a second
};

Throughput ThroughputOf(const LoadResult& result) {
  const double seconds = absl::ToDoubleSeconds(result.elapsed);
  if (seconds <= 0) return {};
  return {static_cast<double>(result.answered) / seconds,
          static_cast<double>(result.tokens) / seconds};
}

void PrintText(const LoadFlags& flags, const LoadResult& result, std::ostream& out) {
  const Throughput throughput = ThroughputOf(result);
  out << absl::StrFormat("%d documents sent in %.1f s (asked: %g/s, %s), %d answered, %d failed\n",
                         result.sent, absl::ToDoubleSeconds(result.elapsed), flags.rate,
                         flags.arrivals, result.answered, result.sent - result.answered)
      << absl::StrFormat("%.1f documents/s, %.0f tokens/s\n", throughput.documents,
                         throughput.tokens)
      << FormatTable({{"MILLISECONDS"},
                      {"P50", 8, true},
                      {"P90", 8, true},
                      {"P99", 8, true},
                      {"MAX", 8, true},
                      {"MEAN", 8, true}},
                     {LatencyRow("latency", result.latency), LatencyRow("  added", result.added),
                      LatencyRow("  sent late", result.lag)});
  for (const auto& [code, count] : result.errors) out << "failed: " << count << " " << code << "\n";
  if (result.unsent > 0) {
    out << "not sent: " << result.unsent << " (all calls at once were busy to the end)\n";
  }
  out.flush();
}

void PrintJson(const LoadFlags& flags, const LoadResult& result, std::ostream& out) {
  const Throughput throughput = ThroughputOf(result);
  Json errors = Json::object();
  for (const auto& [code, count] : result.errors) errors[code] = count;
  const Json json = {{"asked_documents_per_second", flags.rate},
                     {"arrivals", flags.arrivals},
                     {"elapsed_seconds", absl::ToDoubleSeconds(result.elapsed)},
                     {"sent", result.sent},
                     {"answered", result.answered},
                     {"unsent", result.unsent},
                     {"errors", errors},
                     {"documents_per_second", throughput.documents},
                     {"tokens_per_second", throughput.tokens},
                     {"latency_seconds", LatencyToJson(result.latency)},
                     {"added_seconds", LatencyToJson(result.added)},
                     {"sent_late_seconds", LatencyToJson(result.lag)}};
  out << ToLine(json) << std::endl;
}

LoadResult Measure(const LoadFlags& flags, Console& console,
                   const client::ClassificationClient& client, const NextRequest& next_request) {
  LoadPlan plan;
  plan.duration = flags.duration;
  plan.max_documents = flags.max_documents;
  plan.max_concurrency = flags.concurrency == 0 ? kMostConcurrency : flags.concurrency;
  return RunLoad(
      plan, ArrivalSchedule(flags.rate, flags.arrivals == "poisson", flags.seed),
      *console.environment,
      [&] {
        v1::ClassifyRequest request = next_request();
        request.set_model(flags.model);
        request.set_version(flags.version);
        return request;
      },
      [&](v1::ClassifyRequest request, client::ClassificationClient::DoneCallback done) {
        client.ClassifyAsync(std::move(request), std::move(done), flags.connection.call);
      });
}

int RunLoadCommand(const LoadFlags& flags, Console& console) {
  const auto client = flags.connection.Connect(console);
  if (client == nullptr) return kUsage;
  const auto source =
      flags.files.empty() ? MakeRandomSource(flags, *client) : MakeFileSource(flags, console);
  if (!source.ok()) {
    Complain(console, Describe(source.status()));
    return kFailed;
  }
  const LoadResult result = Measure(flags, console, *client, *source);
  (flags.json ? PrintJson : PrintText)(flags, result, console.out);
  return result.errors.empty() && result.unsent == 0 ? kOk : kFailed;
}

void AddLoadFlags(CLI::App& app, LoadFlags& flags) {
  app.add_option("--rate", flags.rate, "Documents a second")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  AddDurationFlag(app, "--duration", flags.duration, "Send for this long");
  app.add_option("--max_documents", flags.max_documents, "Send no more documents than this")
      ->check(CLI::Range(int64_t{1}, kMostDocuments))
      ->capture_default_str();
  app.add_option("--arrivals", flags.arrivals, "poisson: random gaps; uniform: equal gaps")
      ->check(CLI::IsMember({"poisson", "uniform"}).description(""))
      ->type_name("poisson|uniform")
      ->capture_default_str();
  app.add_option("--concurrency", flags.concurrency,
                 "The most calls at once, beyond which documents wait; 0: 10000")
      ->check(CLI::Range(0, kMostConcurrency))
      ->capture_default_str();
  app.add_option("--lengths", flags.lengths,
                 "Lengths in tokens of the documents of random ids, with their shares, as "
                 "128:0.5,1024:0.3,4096:0.2")
      ->check([](const std::string& text) {
        return std::string(LengthMix::Parse(text).status().message());
      })
      ->type_name("MIX")
      ->capture_default_str();
  app.add_option("--files", flags.files, "Send these texts in turn instead")->type_name("FILE");
  app.add_option("--model", flags.model, "Name of the model; the server's first without it");
  app.add_option("--version", flags.version, "Version of the model; the newest without it");
  app.add_option("--seed", flags.seed, "Of the times, lengths and ids")->capture_default_str();
  app.add_flag("--json", flags.json, "Print one JSON object");
}

}  // namespace

Command AddLoad(CLI::App& parent, Console& console) {
  const auto flags = std::make_shared<LoadFlags>();
  CLI::App* app = parent.add_subcommand(
      "load", "Send documents at a given rate, whether the server keeps up or not, and measure");
  app->footer(
      "No call is tried again. Latency counts from the time at which a document was to be sent, so "
      "that\nwaiting behind a slow server counts too. \"added\" is what the answer took from the "
      "time at "
      "which\nthe document was sent, beyond tokenize, queue and compute on the server.");
  AddLoadFlags(*app, *flags);
  flags->connection.AddTo(*app);
  return {app, [flags, &console] { return RunLoadCommand(*flags, console); }};
}

}  // namespace diffuser::cli
