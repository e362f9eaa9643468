// Speed of the attention graph and of the attention kernels, at the base shape of the published
// code: 12 heads of 64, window 64, 64 random edges per node, 64 global nodes, 5 hops.
//
//   attention-bench --benchmark_filter=Diffuse
#include <cstdlib>
#include <thread>

#include "benchmark/benchmark.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels {
namespace {

constexpr graph::GraphOptions kBaseGraph = {
    .nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64};
constexpr DiffusionShape kBaseShape = {.heads = 12, .head_dim = 64};

double Edges(const graph::AttentionGraph& graph, int length) {
  double edges = 0;
  for (int dst = 0; dst < length; ++dst) edges += graph.Sources(dst, length).size();
  return edges;
}

void SetRate(benchmark::State& state, double flops) {
  state.counters["FLOP/s"] = benchmark::Counter(
      flops, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

void GraphBuild(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(graph::AttentionGraph::Build(kBaseGraph));
}
BENCHMARK(GraphBuild)->Unit(benchmark::kMillisecond);

// Arguments: tokens of the one document, threads. Counts the work that the edges need: scores and
// hops, 2 D operations an edge each.
void Diffuse(benchmark::State& state) {
  const int length = static_cast<int>(state.range(0));
  const int threads = static_cast<int>(state.range(1));
  const auto graph = testing::BuildOrDie(kBaseGraph);
  const testing::Projections batch(kBaseShape, {length}, {1}, 1.0f);
  std::vector<float> out(static_cast<size_t>(length) * kBaseShape.heads * kBaseShape.head_dim);
  const auto kernels = testing::KernelsOrDie("cpu");
  for (auto _ : state) {
    kernels->Diffuse(*graph, kBaseShape, batch.view(), out.data(),
                     [&](int64_t count, auto body) { testing::OnThreads(threads, count, body); });
  }
  SetRate(state, Edges(*graph, length) * kBaseShape.heads * (1 + kBaseShape.hops) * 2 *
                     kBaseShape.head_dim);
}
BENCHMARK(Diffuse)
    ->ArgsProduct({{512, 4096}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// The same for the first token alone; counts the scores, and 2 operations an edge a hop.
void DiffuseFirstToken(benchmark::State& state) {
  const int length = static_cast<int>(state.range(0));
  const int threads = static_cast<int>(state.range(1));
  const auto graph = testing::BuildOrDie(kBaseGraph);
  const testing::Projections batch(kBaseShape, {length}, {1}, 1.0f);
  std::vector<float> out(kBaseShape.heads * kBaseShape.head_dim);
  std::vector<float> evidence(length);
  const auto kernels = testing::KernelsOrDie("cpu");
  for (auto _ : state) {
    kernels->DiffuseFirstToken(
        *graph, kBaseShape, batch.view(), out.data(), evidence.data(),
        [&](int64_t count, auto body) { testing::OnThreads(threads, count, body); });
  }
  SetRate(state,
          Edges(*graph, length) * kBaseShape.heads * 2 * (kBaseShape.head_dim + kBaseShape.hops));
}
BENCHMARK(DiffuseFirstToken)
    ->ArgsProduct({{512, 4096}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace diffuser::kernels

BENCHMARK_MAIN();
