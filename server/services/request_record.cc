#include "server/services/request_record.h"

#include <utility>

#include "absl/time/time.h"
#include "server/metrics/request_ledger.h"

namespace diffuser::services {
namespace {

logging::Level LevelOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return logging::Level::kDebug;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return logging::Level::kInfo;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return logging::Level::kWarning;
    default:
      return logging::Level::kError;
  }
}

}  // namespace

RequestRecord::RequestRecord(const ServiceContext& context, RequestName name)
    : context_(context), name_(std::move(name)) {
  context_.metrics->requests().Receive(name_.method, name_.model);
}

RequestRecord::~RequestRecord() {
  if (!finished_) Finish(absl::InternalError("dropped unanswered"));
}

void RequestRecord::Finish(const absl::Status& status) {
  finished_ = true;
  const absl::Duration time = absl::FromChrono(std::chrono::steady_clock::now() - begin_);
  context_.metrics->requests().Complete(name_.method, name_.model,
                                        absl::StatusCodeToString(status.code()), time);
  Log(status, time);
}

void RequestRecord::Log(const absl::Status& status, absl::Duration time) const {
  const logging::Level level = LevelOf(status.code());
  if (!context_.logger->IsEnabled(level)) return;
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string message(status.message());
  context_.logger->Log(level, "request",
                       {{"request_id", name_.request_id},
                        {"method", name_.method},
                        {"model", name_.model},
                        {"code", code},
                        {"message", message},
                        {"seconds", absl::ToDoubleSeconds(time)},
                        {"peer", name_.peer}});
}

}  // namespace diffuser::services
