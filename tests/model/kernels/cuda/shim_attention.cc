#include "tests/model/kernels/cuda/shim_attention.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "model/kernels/cuda/attention_launches.h"
#include "tests/model/kernels/cuda/guarded_buffer.h"
#include "tests/model/kernels/cuda/shim_launcher.h"

namespace diffuser::kernels::cuda::testing {
namespace {

// The working memory of one layer.
struct Workspace {
  Workspace(const BatchPlan& plan, const DiffusionShape& shape)
      : tiles(plan.tiles * kTileWords),
        tile_scales(plan.tiles * kStripRows),
        groups(plan.groups * kStripRows),
        group_scales(plan.groups * kStripRows),
        chunk_states(plan.chunks * kStripRows),
        partials(plan.chunks * kStripRows * shape.head_dim),
        weights(int64_t{plan.tokens} * shape.heads) {}

  MatrixView matrix() {
    return {tiles.data(), tile_scales.data(), groups.data(), group_scales.data(),
            chunk_states.data()};
  }

  void ExpectIntact() const {
    EXPECT_TRUE(tiles.IsIntact() && tile_scales.IsIntact()) << "tiles";
    EXPECT_TRUE(groups.IsIntact() && group_scales.IsIntact()) << "groups";
    EXPECT_TRUE(chunk_states.IsIntact() && partials.IsIntact()) << "chunks";
    EXPECT_TRUE(weights.IsIntact()) << "weights of first tokens";
  }

  GuardedBuffer<Words> tiles;
  GuardedBuffer<float> tile_scales;
  GuardedBuffer<Words> groups;
  GuardedBuffer<float> group_scales;
  GuardedBuffer<SoftmaxState> chunk_states;
  GuardedBuffer<float> partials;
  GuardedBuffer<float> weights;
};

template <class Half>
std::vector<float> ToFloats(const GuardedBuffer<Half>& halves) {
  std::vector<float> floats;
  for (size_t i = 0; i < halves.size(); ++i) {
    floats.push_back(shim::ToFloat<Half>(halves.data()[i].bits));
  }
  return floats;
}

}  // namespace

ShimDevice SmallA100(int longest, int head_dim) {
  return {{.shared_bytes = static_cast<int>(
               std::max(HopSharedBytes(8, longest, 1), FirstTokenSharedBytes(longest, head_dim)))}};
}

ShimDevice SmallH100(int longest, int head_dim) {
  return {{.shared_bytes = static_cast<int>(
               std::max(HopSharedBytes(16, longest, 4), FirstTokenSharedBytes(longest, head_dim))),
           .cluster_blocks = 4}};
}

template <class Half>
RoundedProjections<Half>::RoundedProjections(const QkvView& qkv, const DiffusionShape& shape)
    : offsets(qkv.offsets.begin(), qkv.offsets.end()),
      width(int64_t{shape.heads} * shape.head_dim) {
  for (int t = 0; t < offsets.back(); ++t) {
    for (const auto* from : {qkv.q, qkv.k, qkv.v}) {
      const float* row = static_cast<const float*>(from) + t * qkv.row_stride;
      for (int64_t x = 0; x < width; ++x) {
        halves.push_back({shim::ToBits<Half>(row[x])});
        floats.push_back(shim::ToFloat<Half>(halves.back().bits));
      }
    }
  }
}

template <class Half>
QkvView RoundedProjections<Half>::view() const {
  return {.q = floats.data(),
          .k = floats.data() + width,
          .v = floats.data() + 2 * width,
          .row_stride = 3 * width,
          .offsets = offsets};
}

template <class Half>
ShimAnswers ComputeOnShim(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                          const RoundedProjections<Half>& batch, const ShimDevice& device) {
  const GraphArrays arrays(graph);
  const auto plan = BatchPlan::Make(arrays, shape, batch.offsets, device.limits);
  EXPECT_TRUE(plan.ok()) << plan.status();
  if (!plan.ok()) return {};
  Workspace workspace(*plan, shape);
  const AttentionArgs<Half> args = {.graph = arrays.view(),
                                    .batch = plan->view(),
                                    .matrix = workspace.matrix(),
                                    .heads = shape.heads,
                                    .head_dim = shape.head_dim,
                                    .hops = shape.hops,
                                    .alpha = shape.alpha,
                                    .q = batch.halves.data(),
                                    .k = batch.halves.data() + batch.width,
                                    .v = batch.halves.data() + 2 * batch.width,
                                    .row_stride = 3 * batch.width};
  GuardedBuffer<Half> all(plan->tokens * batch.width);
  GuardedBuffer<Half> first(plan->documents.size() * batch.width);
  GuardedBuffer<float> evidence(plan->tokens);
  ShimLauncher launcher = {.last_first = device.last_first,
                           .without_barrier = device.without_barrier};
  LaunchScores(launcher, args);
  LaunchHops(launcher, args, plan->hops, plan->hop_order.data(), workspace.partials.data(),
             all.data());
  LaunchFirstTokens(launcher, args, plan->first_tokens, plan->first_token_order.data(),
                    workspace.weights.data(), first.data(), evidence.data());
  workspace.ExpectIntact();
  EXPECT_TRUE(all.IsIntact() && first.IsIntact() && evidence.IsIntact()) << "answers";
  return {{ToFloats(all), ToFloats(first), {evidence.data(), evidence.data() + evidence.size()}},
          launcher.reports,
          launcher.barriers};
}

#define DIFFUSER_INSTANTIATE(Half)                                                        \
  template struct RoundedProjections<Half>;                                               \
  template ShimAnswers ComputeOnShim(const graph::AttentionGraph&, const DiffusionShape&, \
                                     const RoundedProjections<Half>&, const ShimDevice&)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda::testing
