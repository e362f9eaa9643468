#ifndef DIFFUSER_CLIENT_CLI_LOAD_RUN_H_
#define DIFFUSER_CLIENT_CLI_LOAD_RUN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/arrivals.h"
#include "client/environment.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::cli {

struct LoadPlan {
  absl::Duration duration;      // arrivals at or after it are none
  int64_t max_documents = 0;    // nor are arrivals over this count
  int max_concurrency = 10000;  // calls running at once; a document that finds them all busy waits
};

struct LoadResult {
  absl::Duration elapsed;  // from the start to the last answer
  int64_t sent = 0;
  int64_t answered = 0;  // well
  int64_t unsent = 0;    // arrived but never sent, as the calls at once were busy to the end
  uint64_t tokens = 0;   // that the model read, of the documents answered
  std::map<std::string, int64_t> errors;  // by code

  // In seconds, one of each for every document answered.
  std::vector<double> latency;  // from the time at which it was to be sent
  std::vector<double>
      added;                // from the time at which it was sent, less tokenize, queue and compute
  std::vector<double> lag;  // of sending, behind the time at which it was to be sent
};

// Sends one document and later, from any thread, calls `done` exactly once.
using SendDocument = std::function<void(
    v1::ClassifyRequest request, std::function<void(absl::StatusOr<v1::ClassifyResponse>)> done)>;

// Sends `next_request()` at each time of `schedule`, whether earlier ones are answered or not (an
// open loop), and waits for all answers. As latency counts from the time of the schedule, a slow
// server cannot hide by slowing the sender down. Ends by itself: the last document is sent at most
// a second after `plan.duration`, and `send` must answer within a deadline of its own. Blocks:
// until then.
LoadResult RunLoad(const LoadPlan& plan, ArrivalSchedule schedule, client::Environment& environment,
                   const std::function<v1::ClassifyRequest()>& next_request,
                   const SendDocument& send);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_LOAD_RUN_H_
