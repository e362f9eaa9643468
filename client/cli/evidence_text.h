#ifndef DIFFUSER_CLIENT_CLI_EVIDENCE_TEXT_H_
#define DIFFUSER_CLIENT_CLI_EVIDENCE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::cli {

struct EvidenceStyle {
  // Mark with ANSI colours; else with « and ».
  bool color = false;

  // Code points of surrounding text on each side.
  size_t context = 50;

  // Code points of the piece itself; of a longer one the middle is left out.
  size_t longest = 400;
};

// One line for a person: the share of the weight, and the piece marked in the text around it. Where
// there is no text (token ids, or a range that is not inside the text) it names the tokens.
std::string EvidenceLine(absl::string_view text, const v1::Evidence& evidence,
                         const EvidenceStyle& style);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_EVIDENCE_TEXT_H_
