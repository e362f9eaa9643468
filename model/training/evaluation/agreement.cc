#include "model/training/evaluation/agreement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace diffuser::training {
namespace {

size_t Highest(const std::vector<float>& values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

double Apart(float a, float b) { return std::abs(double{a} - double{b}); }

}  // namespace

Agreement CompareScored(const ScoredLabels& one, const ScoredLabels& other) {
  Agreement agreement{.documents = static_cast<int64_t>(one.documents.size())};
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < one.documents.size(); ++i) {
    const ScoredDocument& a = one.documents[i];
    const ScoredDocument& b = other.documents[i];
    agreement.same_top_label += Highest(a.logits) == Highest(b.logits) ? 1 : 0;
    agreement.same_labels += one.labels[i] == other.labels[i] ? 1 : 0;
    for (size_t label = 0; label < a.logits.size(); ++label) {
      const double apart = Apart(a.logits[label], b.logits[label]);
      agreement.largest_logit_difference = std::max(agreement.largest_logit_difference, apart);
      agreement.largest_score_difference =
          std::max(agreement.largest_score_difference, Apart(a.scores[label], b.scores[label]));
      sum += apart;
      ++count;
    }
  }
  if (count > 0) agreement.mean_logit_difference = sum / static_cast<double>(count);
  return agreement;
}

}  // namespace diffuser::training
