#include "tests/model/kernels/cuda/run_on_shim.h"

#include "gtest/gtest.h"
#include "model/kernels/cuda/attention_launches.h"
#include "tests/model/kernels/cuda/shim_launcher.h"

namespace diffuser::kernels::cuda::testing {

template <class Half>
void RunOnShim(const DeviceAttention<Half>& call) {
  ShimLauncher launcher;
  LaunchAttention(launcher, call);
  for (const std::string& report : launcher.reports) ADD_FAILURE() << report;
}
template void RunOnShim(const DeviceAttention<BFloat16>&);
template void RunOnShim(const DeviceAttention<Float16>&);

}  // namespace diffuser::kernels::cuda::testing
