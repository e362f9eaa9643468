#ifndef DIFFUSER_SERVER_PIPELINE_PIPELINE_H_
#define DIFFUSER_SERVER_PIPELINE_PIPELINE_H_

#include <memory>

#include "server/batching/completion.h"
#include "server/pipeline/classify_task.h"

namespace diffuser::pipeline {

// The path of one model's requests: tokenize, admit, enqueue | take batch, execute, respond.
//
// Every task is answered exactly once, never under a lock: on a tokenizer or compute thread, or
// within Classify itself where it is refused at once. Thread-safe.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  // Classifies one document; returns at once.
  // Answers: INVALID_ARGUMENT naming the field (`document.text`, `document.token_ids.ids[3]`,
  // `options.chunk_overlap`, ...), RESOURCE_EXHAUSTED (queue full; retry), DEADLINE_EXCEEDED or
  // CANCELLED (before compute), UNAVAILABLE (draining; retry elsewhere), INTERNAL.
  virtual void Classify(ClassifyTask task, batching::Completion<ClassifyAnswer> done) = 0;
};

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_PIPELINE_H_
