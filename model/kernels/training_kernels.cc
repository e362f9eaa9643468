#include "model/kernels/training_kernels.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/kernels/cpu_training.h"
#include "model/kernels/reference_training.h"

namespace diffuser::kernels {

absl::StatusOr<std::unique_ptr<const TrainingKernels>> MakeTrainingKernels(std::string_view name) {
  if (name == "reference") return MakeReferenceTrainingKernels();
  if (name == "cpu") return MakeCpuTrainingKernels();
  return absl::InvalidArgumentError(absl::StrCat("no training kernels \"", std::string(name),
                                                 "\", expected \"reference\" or \"cpu\""));
}

}  // namespace diffuser::kernels
