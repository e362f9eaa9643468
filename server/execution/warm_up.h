#ifndef DIFFUSER_SERVER_EXECUTION_WARM_UP_H_
#define DIFFUSER_SERVER_EXECUTION_WARM_UP_H_

#include "absl/status/status.h"
#include "model/classifier.h"

namespace diffuser::execution {

// Classifies short made-up documents, alone and together, with and without evidence: pages the
// weights in, lets libraries build what they build on first use, and shows that the model computes
// at all, before a caller waits for it. Blocks: while it computes. Errors: those of
// Classifier::Validate and Classify.
absl::Status WarmUp(const model::Classifier& classifier);

}  // namespace diffuser::execution

#endif  // DIFFUSER_SERVER_EXECUTION_WARM_UP_H_
