#ifndef DIFFUSER_SERVER_EXECUTION_EXECUTOR_H_
#define DIFFUSER_SERVER_EXECUTION_EXECUTOR_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/classifier.h"
#include "server/batching/clock.h"
#include "server/batching/request.h"
#include "server/metrics/serving_observer.h"

namespace diffuser::execution {

// Runs batches on one model: packs the requests, classifies, splits the answers.
//
// A batch that fails is taken apart, so that one request never fails its neighbours:
//   RESOURCE_EXHAUSTED  (out of memory) its halves are run one after the other, and so on;
//   any other error     each of its requests is run alone;
// and only a request that fails alone is answered with the error. Both cost compute again, and are
// not expected: requests are validated before they are queued. Where the classifier's device has
// failed for good nothing is run again: all of the batch get INTERNAL.
//
// Thread-safe and immutable. Callers hold a pass of the device's compute gate.
class Executor {
 public:
  Executor(std::shared_ptr<const model::Classifier> classifier,
           std::shared_ptr<metrics::ServingObserver> observer, batching::Clock now);

  // One result a request, in order; all carry the same begin and end, of the whole batch.
  // REQUIRES: at least one request, each passing Classifier::Validate.
  // Blocks: while the model computes. Errors of a result: those of Classifier::Classify.
  std::vector<absl::StatusOr<batching::BatchedResult>> Run(
      absl::Span<const batching::Request> requests) const;

 private:
  const std::shared_ptr<const model::Classifier> classifier_;
  const std::shared_ptr<metrics::ServingObserver> observer_;
  const batching::Clock now_;
};

}  // namespace diffuser::execution

#endif  // DIFFUSER_SERVER_EXECUTION_EXECUTOR_H_
