#include <string>

#include "absl/strings/str_cat.h"
#include "model/classifier.h"

namespace diffuser::model {

std::string PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return "float32";
    case Precision::kBFloat16:
      return "bfloat16";
    case Precision::kFloat16:
      return "float16";
    case Precision::kInt8:
      return "int8";
    case Precision::kAuto:
      break;
  }
  return "auto";
}

absl::StatusOr<Precision> PrecisionFromName(std::string_view name) {
  for (const Precision precision : {Precision::kAuto, Precision::kFloat32, Precision::kBFloat16,
                                    Precision::kFloat16, Precision::kInt8}) {
    if (name == PrecisionName(precision)) return precision;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "precision '", std::string(name), "'; expected auto, float32, bfloat16, float16 or int8"));
}

}  // namespace diffuser::model
