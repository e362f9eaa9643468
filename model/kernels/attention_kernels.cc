#include "model/kernels/attention_kernels.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/kernels/cpu_attention.h"
#include "model/kernels/reference_attention.h"

namespace diffuser::kernels {

absl::StatusOr<std::unique_ptr<const AttentionKernels>> MakeAttentionKernels(
    std::string_view name) {
  if (name == "reference") return MakeReferenceKernels();
  if (name == "cpu") return MakeCpuKernels();
  return absl::InvalidArgumentError(absl::StrCat("no attention kernels \"", std::string(name),
                                                 "\", expected \"reference\" or \"cpu\""));
}

}  // namespace diffuser::kernels
