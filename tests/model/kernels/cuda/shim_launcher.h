#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_LAUNCHER_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_LAUNCHER_H_

#include <set>
#include <string>
#include <vector>

#include "model/kernels/cuda/layout.h"
#include "tests/model/kernels/cuda/shim/engine.h"

namespace diffuser::kernels::cuda::testing {

// A Launcher (attention_launches.h) that runs kernels on the host shim, and keeps what it reports.
struct ShimLauncher {
  template <class Kernel, class... Args>
  void Launch(const LaunchDims& dims, Kernel kernel, const Args&... args) {
    const shim::LaunchShape shape = {
        .grid = {static_cast<unsigned>(dims.x), static_cast<unsigned>(dims.y),
                 static_cast<unsigned>(dims.z)},
        .threads = dims.threads,
        .cluster = dims.cluster,
        .shared_bytes = static_cast<size_t>(dims.shared_bytes),
        .last_first = last_first,
        .without_barrier = without_barrier};
    shim::RunResult result = shim::RunKernel(shape, [&] { kernel(args...); });
    reports.insert(reports.end(), result.reports.begin(), result.reports.end());
    barriers.merge(result.barriers);
  }

  bool last_first = false;
  std::string without_barrier = {};  // see LaunchShape
  std::vector<std::string> reports = {};
  std::set<std::string> barriers = {};
};

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_LAUNCHER_H_
