#ifndef DIFFUSER_CLIENT_CLI_ANSWER_WRITER_H_
#define DIFFUSER_CLIENT_CLI_ANSWER_WRITER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/cli/console.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::cli {

// Prints the outcomes of documents as they come.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;

  // `text` is the document's, empty for one given as token ids.
  virtual void Answer(const std::string& file, absl::string_view text,
                      const v1::ClassifyResponse& response) = 0;

  // A document that failed for a reason of its own.
  virtual void Failure(const std::string& file, const absl::Status& status) = 0;

  // A document that has no answer because the whole call failed with `status`.
  virtual void Unanswered(const std::string& file, const absl::Status& status) = 0;
};

// A table on standard output, with evidence and logits below a document's rows where the answer has
// them; failures on standard error; nothing for unanswered documents. `files` sets the width of the
// first column.
std::unique_ptr<AnswerWriter> MakeTextWriter(Console& console,
                                             const std::vector<std::string>& files, bool color);

// One JSON object a line on standard output, for every document.
std::unique_ptr<AnswerWriter> MakeJsonWriter(Console& console);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_ANSWER_WRITER_H_
