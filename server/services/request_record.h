#ifndef DIFFUSER_SERVER_SERVICES_REQUEST_RECORD_H_
#define DIFFUSER_SERVER_SERVICES_REQUEST_RECORD_H_

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "server/services/service_context.h"

namespace diffuser::services {

// Who asks for what.
struct RequestName {
  std::string method;      // "Classify"
  std::string model;       // the metrics' label
  std::string request_id;  // of the call
  std::string peer;        // the caller's address
};

// One request in the metrics and in the log, from its arrival to its answer. Finished exactly once;
// dropped unfinished, it counts as INTERNAL.
class RequestRecord {
 public:
  RequestRecord(const ServiceContext& context, RequestName name);
  RequestRecord(const RequestRecord&) = delete;
  RequestRecord& operator=(const RequestRecord&) = delete;
  ~RequestRecord();

  // Counts the answer and logs it: failures of the server as errors, refusals for want of room or
  // readiness as warnings, the callers' own as info, and success as debug.
  // REQUIRES: not finished. Not thread-safe.
  void Finish(const absl::Status& status);

  const RequestName& name() const { return name_; }

 private:
  void Log(const absl::Status& status, absl::Duration time) const;

  const ServiceContext context_;
  const RequestName name_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  bool finished_ = false;
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_REQUEST_RECORD_H_
