#include "tests/bench/precisions.h"

namespace diffuser::bench {
namespace {

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

}  // namespace diffuser::bench
