#include "tests/bench/precisions.h"

#include "tests/bench/selection.h"

namespace diffuser::bench {

std::vector<NamedPrecision> AllPrecisions() {
  std::vector<NamedPrecision> all;
  for (const model::Precision precision : {model::Precision::kFloat32, model::Precision::kBFloat16,
                                           model::Precision::kFloat16, model::Precision::kInt8}) {
    all.push_back({model::PrecisionName(precision), precision});
  }
  return all;
}

absl::StatusOr<model::Precision> FindPrecision(const std::string& name) {
  const auto selected = Select(AllPrecisions(), {name}, "precision");
  if (!selected.ok()) return selected.status();
  return selected->front().precision;
}

}  // namespace diffuser::bench
