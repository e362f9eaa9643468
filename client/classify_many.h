#ifndef DIFFUSER_CLIENT_CLASSIFY_MANY_H_
#define DIFFUSER_CLIENT_CLASSIFY_MANY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/environment.h"
#include "client/retry.h"
#include "diffuser/v1/classification.grpc.pb.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::client {

// The next document with its options, or nullopt after the last one. Document.id is the caller's to
// use: it may be empty, long or repeated (on the wire, documents are told apart by numbers).
using DocumentSource = std::function<std::optional<v1::ClassifyRequest>()>;

// The outcome of one document.
struct ManyAnswer {
  int64_t index = 0;                   // of the document among those from the source, from 0
  const v1::ClassifyRequest* request;  // as the source gave it; valid during the callback
  absl::StatusOr<v1::ClassifyResponse> response;
  bool call_failed = false;  // the whole call failed, not this document
};
using AnswerSink = std::function<void(ManyAnswer)>;

struct ManyOptions {
  // The most documents held at once: taken from the source and not answered yet. At least 1.
  int window = 32;
};

// How ClassifyMany runs; ClassificationClient fills it in.
struct ManySettings {
  ManyOptions many;
  RetryOptions retry;
  absl::Duration deadline;
  // A context for one stream, with its metadata set.
  std::function<std::unique_ptr<grpc::ClientContext>()> make_context;
};

// Classifies every document of `source` over ClassifyStream and gives each outcome to `on_answer`,
// in the order in which answers come. Both are called on the calling thread only, one at a time.
//
// - Every document taken from the source is answered exactly once, whatever happens.
// - A document that the server turns away for now (see IsRetryable) is sent again after the wait
// that
//   it asks for, up to RetryOptions::max_attempts; sending pauses meanwhile.
// - When the stream breaks with a retryable error, the unanswered documents are sent again on a new
//   one. A document that was on max_attempts broken streams fails with that error; after
//   max_attempts streams in a row without a single answer, the whole call does.
// - A document that is over a size limit, which ends the stream, fails alone: those on the stream
// with it
//   are sent again, one at a time.
// - The deadline bounds the time without any answer while some are due. No wait goes beyond it.
//
// OK when the source came to its end and the server answered every document, well or badly. Else
// the error of the call: the documents held then were answered with it (call_failed), and the
// source was not asked for more. Blocks: until then.
absl::Status RunClassifyMany(v1::Classification::StubInterface& stub, Environment& environment,
                             const ManySettings& settings, const DocumentSource& source,
                             const AnswerSink& on_answer);

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_CLASSIFY_MANY_H_
