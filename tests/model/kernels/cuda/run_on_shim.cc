#include "tests/model/kernels/cuda/run_on_shim.h"

#include "gtest/gtest.h"
#include "model/kernels/cuda/attention_launches.h"
#include "model/kernels/cuda/row_launches.h"
#include "tests/model/kernels/cuda/shim_launcher.h"

namespace diffuser::kernels::cuda::testing {
namespace {

ShimStream stream;

// Runs a kernel on the shim, and passes on what that reports.
template <class Kernel, class... Args>
void Run(const LaunchDims& dims, Kernel kernel, const Args&... args) {
  ShimLauncher launcher = {.last_first = stream.last_first,
                           .without_barrier = stream.without_barrier};
  launcher.Launch(dims, kernel, args...);
  if (stream.barriers != nullptr) stream.barriers->merge(launcher.barriers);
  for (const std::string& report : launcher.reports) {
    if (stream.reports != nullptr) {
      stream.reports->push_back(report);
    } else {
      ADD_FAILURE() << report;
    }
  }
}

// A Launcher (attention_launches.h) on the fake device's stream.
struct StreamLauncher {
  template <class Kernel, class... Args>
  void Launch(const LaunchDims& dims, Kernel kernel, const Args&... args) {
    if (stream.captured == nullptr) return Run(dims, kernel, args...);
    stream.captured->push_back([=] { Run(dims, kernel, args...); });
  }
};

}  // namespace

ShimStream& TheShimStream() { return stream; }

template <class Half>
void DiffuseOnShim(const AttentionCall<Half>& call) {
  StreamLauncher launcher;
  LaunchScores(launcher, call);
  LaunchHops(launcher, call);
}

template <class Half>
void DiffuseFirstTokensOnShim(const AttentionCall<Half>& call) {
  StreamLauncher launcher;
  LaunchScores(launcher, call);
  LaunchFirstTokens(launcher, call);
}

template <class Half>
void RunRowsOnShim(const EmbeddingLayerNormArgs<Half>& args, int tokens) {
  StreamLauncher launcher;
  LaunchRows(launcher, args, tokens);
}

template <class Half>
void RunRowsOnShim(const ResidualLayerNormArgs<Half>& args, int rows) {
  StreamLauncher launcher;
  LaunchRows(launcher, args, rows);
}

template <class Half>
void RunRowsOnShim(const BiasActivationArgs<Half>& args) {
  StreamLauncher launcher;
  LaunchRows(launcher, args);
}

#define DIFFUSER_INSTANTIATE(Half)                                       \
  template void DiffuseOnShim(const AttentionCall<Half>&);               \
  template void DiffuseFirstTokensOnShim(const AttentionCall<Half>&);    \
  template void RunRowsOnShim(const EmbeddingLayerNormArgs<Half>&, int); \
  template void RunRowsOnShim(const ResidualLayerNormArgs<Half>&, int);  \
  template void RunRowsOnShim(const BiasActivationArgs<Half>&)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda::testing
