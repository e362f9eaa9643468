#ifndef DIFFUSER_SERVER_PIPELINE_EVIDENCE_H_
#define DIFFUSER_SERVER_PIPELINE_EVIDENCE_H_

#include <vector>

#include "absl/types/span.h"
#include "model/windows.h"
#include "server/pipeline/classify_task.h"
#include "server/pipeline/document.h"

namespace diffuser::pipeline {

// The share of each of a document's tokens in the decision, [tokens]: its weights in the windows
// that hold it, added up and divided by the number of windows; then scaled to sum to 1 over all
// tokens, special ones included (all 0 if the windows' weights are). REQUIRES: window_evidence[i]
// has one weight for each token of windows[i].
std::vector<double> TokenWeights(int64_t tokens, absl::Span<const model::Window> windows,
                                 absl::Span<const std::vector<float>> window_evidence);

// The heaviest pieces of the document, at most max_evidence, heaviest first and earlier first among
// equals; none of weight 0. Pieces are tokens, or the sentences of a text, to which a token belongs
// by its last byte. The specials at the document's ends are part of no piece. Byte ranges have no
// white space at their ends. A document given as token ids has tokens only, with byte ranges of 0.
// REQUIRES: weights.size() == document.tokens().
std::vector<EvidenceSpan> SelectEvidence(const Document& document, absl::Span<const double> weights,
                                         EvidenceUnit unit, int max_evidence);

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_EVIDENCE_H_
