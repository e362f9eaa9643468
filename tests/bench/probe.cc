#include "tests/bench/probe.h"

#include <unistd.h>

#include <iostream>
#include <numeric>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/bench/cases.h"
#include "tests/bench/child.h"
#include "tests/bench/memory.h"
#include "tests/bench/precisions.h"
#include "tests/bench/stopwatch.h"

namespace diffuser::bench {
namespace {

absl::Status WriteLine(int descriptor, absl::string_view text) {
  const std::string line = absl::StrCat(text, "\n");
  if (write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
    return absl::OkStatus();
  }
  return absl::UnavailableError("the results cannot be written");
}

}  // namespace

std::vector<std::string> ProbeArguments(const ProbeOptions& options) {
  return {"probe",
          absl::StrCat("--model=", options.model),
          absl::StrCat("--device=", options.device),
          absl::StrCat("--precision=", options.precision),
          absl::StrCat("--threads=", options.threads),
          absl::StrCat("--lengths=", absl::StrJoin(options.lengths, ",")),
          absl::StrCat("--isa=", options.isa)};
}

absl::Status RunProbe(const ProbeOptions& options, int descriptor) {
  if (absl::Status limit = LimitIsa(options.isa); !limit.ok()) return limit;
  const auto precision = FindPrecision(options.precision);
  if (!precision.ok()) return precision.status();
  const int tokens = std::accumulate(options.lengths.begin(), options.lengths.end(), 0);
  const auto engine = model::Classifier::Load(options.model, {.device = options.device,
                                                              .precision = *precision,
                                                              .compute_threads = options.threads,
                                                              .max_batch_tokens = tokens});
  if (!engine.ok()) return engine.status();
  const model::PackedBatch batch = MakeBatch(options.lengths, (*engine)->config());
  absl::Status status;
  for (int i = 0; i < batch.documents(); ++i) {
    status.Update((*engine)->Validate(batch.document(i)));
  }
  if (!status.ok()) return status;
  status = ResetPeak();
  const auto before = ReadResidentMemory();
  status.Update((*engine)->Classify(batch, {}).status());
  status.Update(WriteLine(descriptor, "answered"));
  status.Update((*engine)->Classify(batch, {}).status());
  const auto after = ReadResidentMemory();
  status.Update(before.status());
  status.Update(after.status());
  if (!status.ok()) return status;
  return WriteLine(descriptor, absl::StrCat(PeakAbove(*before, *after)));
}

absl::StatusOr<ProbeResult> Probe(const ProbeOptions& options) {
  ProbeResult result;
  const Stopwatch stopwatch;
  auto child = Child::StartSelf(ProbeArguments(options));
  if (!child.ok()) return child.status();
  const bool answered = child->ReadLine() == "answered";
  result.start_up = stopwatch.seconds();
  const bool measured = absl::SimpleAtoi(child->ReadLine(), &result.peak_bytes);
  if (child->Wait() != 0 || !answered || !measured) {
    return absl::InternalError(
        absl::StrCat("the process that measures ", options.model, " by itself failed"));
  }
  return result;
}

}  // namespace diffuser::bench
