#include "tests/bench/isa.h"

#include <hwy/detect_targets.h>
#include <hwy/targets.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace diffuser::bench {

absl::Status LimitIsa(const std::string& isa) {
  if (isa == kNativeIsa) return absl::OkStatus();
  if (isa != "avx2") {
    return absl::InvalidArgumentError(absl::StrCat("isa '", isa, "'; expected native or avx2"));
  }
  if ((hwy::SupportedTargets() & HWY_AVX2) == 0) {
    return absl::FailedPreconditionError("isa avx2: this processor has no AVX2");
  }
  // oneDNN's, ATen's and MKL's own limits.
  setenv("ONEDNN_MAX_CPU_ISA", "AVX2", /*overwrite=*/1);
  setenv("ATEN_CPU_CAPABILITY", "avx2", /*overwrite=*/1);
  setenv("MKL_ENABLE_INSTRUCTIONS", "AVX2", /*overwrite=*/1);
  hwy::DisableTargets(HWY_AVX2 - 1);  // better targets have lower bits
  return absl::OkStatus();
}

}  // namespace diffuser::bench
