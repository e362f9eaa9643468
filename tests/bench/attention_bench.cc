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

// A packed batch of documents of one length.
struct Batch {
  int length;
  int documents;
  Element element;

  explicit Batch(const benchmark::State& state)
      : length(static_cast<int>(state.range(0))),
        documents(static_cast<int>(state.range(1))),
        element(state.range(3) == 16 ? Element::kBFloat16 : Element::kFloat32) {}

  testing::Projections projections() const {
    return testing::Projections(kBaseShape, std::vector<int>(documents, length),
                                std::vector<uint32_t>(documents, 1), 1.0f, element);
  }
};

// Counts the work that the edges need: scores and hops, 2 D operations an edge each.
void Diffuse(benchmark::State& state) {
  const Batch batch(state);
  const int threads = static_cast<int>(state.range(2));
  const auto graph = testing::BuildOrDie(kBaseGraph);
  const testing::Projections qkv = batch.projections();
  std::vector<float> out(static_cast<size_t>(qkv.tokens()) * kBaseShape.heads *
                         kBaseShape.head_dim);
  const auto kernels = testing::KernelsOrDie("cpu");
  for (auto _ : state) {
    kernels->Diffuse(*graph, kBaseShape, qkv.view(), out.data(),
                     [&](int64_t count, auto body) { testing::OnThreads(threads, count, body); });
  }
  SetRate(state, Edges(*graph, batch.length) * batch.documents * kBaseShape.heads *
                     (1 + kBaseShape.hops) * 2 * kBaseShape.head_dim);
}

// The same for the first token alone; counts the scores, and 2 operations an edge a hop.
void FirstTokenWeights(benchmark::State& state) {
  const Batch batch(state);
  const int threads = static_cast<int>(state.range(2));
  const auto graph = testing::BuildOrDie(kBaseGraph);
  const testing::Projections qkv = batch.projections();
  std::vector<float> weights(static_cast<size_t>(qkv.tokens()) * kBaseShape.heads);
  const auto kernels = testing::KernelsOrDie("cpu");
  for (auto _ : state) {
    kernels->FirstTokenWeights(
        *graph, kBaseShape, qkv.view(), weights.data(),
        [&](int64_t count, auto body) { testing::OnThreads(threads, count, body); });
  }
  SetRate(state, Edges(*graph, batch.length) * batch.documents * kBaseShape.heads * 2 *
                     (kBaseShape.head_dim + kBaseShape.hops));
}

// One long document, and as many tokens in short ones; on 1 and 2 threads; float32 and bfloat16.
void Batches(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"tokens", "documents", "threads", "bits"});
  for (const int length : {4096, 512, 64}) {
    for (const int threads : {1, 2}) {
      for (const int bits : {32, 16}) bench->Args({length, 4096 / length, threads, bits});
    }
  }
  bench->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
}
BENCHMARK(Diffuse)->Apply(Batches);
BENCHMARK(FirstTokenWeights)->Apply(Batches);

}  // namespace
}  // namespace diffuser::kernels

BENCHMARK_MAIN();
