#ifndef DIFFUSER_SERVER_PIPELINE_ANSWER_H_
#define DIFFUSER_SERVER_PIPELINE_ANSWER_H_

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/model_config.h"
#include "model/windows.h"
#include "server/batching/request.h"
#include "server/pipeline/classify_task.h"
#include "server/pipeline/document.h"

namespace diffuser::pipeline {

// Everything about one document that its answer is made of, but the model's results.
struct PlannedDocument {
  Document document;
  model::WindowPlan plan;
  ClassifyOptions options;
  absl::Duration tokenize;
  absl::Time admitted;  // to the queue
};

// The answer to a document, of what the model said of each of its windows. Pure.
// REQUIRES: results.size() == planned.plan.windows.size(); evidence in each if it was asked for.
ClassifyAnswer ComposeAnswer(const PlannedDocument& planned, const model::ModelConfig& config,
                             absl::Span<const batching::BatchedResult> results);

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_ANSWER_H_
