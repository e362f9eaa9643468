#include "tests/bench/precisions.h"

#include "tests/bench/selection.h"

namespace diffuser::bench {
namespace {

// Where the engine has int8.
template <typename Precision>
void AppendInt8(std::vector<NamedPrecision>& precisions) {
  if constexpr (requires { Precision::kInt8; }) precisions.push_back({"int8", Precision::kInt8});
}

}  // namespace

std::vector<NamedPrecision> AllPrecisions() {
  std::vector<NamedPrecision> precisions = {{"float32", model::Precision::kFloat32},
                                            {"bfloat16", model::Precision::kBFloat16}};
  AppendInt8<model::Precision>(precisions);
  return precisions;
}

std::string NameOf(model::Precision precision) {
  for (const NamedPrecision& named : AllPrecisions()) {
    if (named.precision == precision) return named.name;
  }
  return "auto";
}

absl::StatusOr<model::Precision> FindPrecision(const std::string& name) {
  const auto selected = Select(AllPrecisions(), {name}, "precision");
  if (!selected.ok()) return selected.status();
  return selected->front().precision;
}

}  // namespace diffuser::bench
