#include "tests/model/kernels/kernel_cases.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "model/kernels/token_sums.h"

namespace diffuser::kernels::testing {

Projections::Projections(const DiffusionShape& shape, const std::vector<int>& lengths,
                         const std::vector<uint32_t>& seeds, float magnitude, Element element)
    : width_(shape.heads * shape.head_dim), element_(element) {
  for (size_t i = 0; i < lengths.size(); ++i) {
    std::mt19937 twister(seeds[i]);
    std::normal_distribution<float> normal(0.0f, magnitude);
    for (int64_t x = 0; x < int64_t{3} * lengths[i] * width_; ++x)
      values_.push_back(normal(twister));
    offsets_.push_back(offsets_.back() + lengths[i]);
  }
  if (element == Element::kBFloat16) {
    rounded_.resize(values_.size());
    std::transform(values_.begin(), values_.end(), rounded_.begin(), ToBFloat16);
  }
}

QkvView Projections::view() const {
  const void* data = values_.data();
  if (element_ == Element::kBFloat16) data = rounded_.data();
  return {.q = data,
          .k = ElementAt(data, element_, width_),
          .v = ElementAt(data, element_, 2 * width_),
          .row_stride = 3 * width_,
          .offsets = offsets_,
          .element = element_};
}

void PrintTo(const KernelCase& test, std::ostream* out) { *out << test.name; }

std::vector<KernelCase> GeneratedCases() {
  std::vector<KernelCase> cases = {
      {"EmptyRows", {50, 16, 0, 0}, {2, 16}, {50, 49, 48, 47}},
      {"SingleNode", {64, 8, 3, 5}, {3, 12}, {1, 1, 2}},
      {"AllGlobalButTheWindow", {100, 2, 2, 98}, {2, 32}, {100, 51, 2}},
      {"NoRandom", {128, 16, 0, 9}, {2, 32}, {128, 77}},
      {"NoGlobals", {128, 16, 6, 0}, {2, 32}, {128, 77}},
      {"LocalAlone", {128, 32, 0, 0}, {2, 32}, {128, 33, 31}},
      {"DenseRandom", {70, 4, 60, 3}, {2, 16}, {70, 69}},
      {"WindowIsTheGraph", {96, 96, 2, 0}, {2, 32}, {96, 50}},
      {"WindowOfManyRows", {300, 200, 2, 20}, {1, 32}, {300, 257}},
      {"SmallestWindow", {90, 2, 3, 4}, {2, 16}, {90, 41}},
      {"WindowThatDoesNotDivide", {205, 20, 3, 7}, {3, 16}, {205, 204, 199, 101, 11}},
      {"OddBlocks", {333, 14, 5, 11}, {2, 24}, {333, 64, 65, 63}},
      {"NothingButRandom", {64, 64, 8, 0}, {1, 8}, {5}},
      {"LargeScores", {128, 16, 4, 6}, {2, 64}, {128, 99}, 4.0f},
      {"SmallScores", {128, 16, 4, 6}, {2, 64}, {128, 99}, 1e-3f},
      {"OneHop", {128, 16, 4, 6}, {2, 32, 1, 0.5f}, {128, 60}},
      {"ManyHops", {128, 16, 4, 6}, {2, 32, 12, 0.02f}, {128, 60}},
      {"BaseShape", {4096, 64, 64, 64}, {1, 64}, {1100, 513}},
  };
  for (const int dim : {1, 3, 12, 16, 24, 32, 48, 64, 80, 128, 132}) {
    cases.push_back(
        {"HeadSize" + std::to_string(dim), {150, 16, 5, 8}, {2, dim}, {150, 97, 16, 1}});
  }
  return cases;
}

KernelCase WholeGraphCase() { return {"BaseGraph", {4096, 64, 64, 64}, {1, 64}, {4096, 1}}; }

std::shared_ptr<const graph::AttentionGraph> BuildOrDie(const graph::GraphOptions& options) {
  auto graph = graph::AttentionGraph::Build(options);
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *graph;
}

std::unique_ptr<const AttentionKernels> KernelsOrDie(const char* name) {
  auto kernels = MakeAttentionKernels(name);
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return *std::move(kernels);
}

void Serial(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  for (int64_t index = 0; index < count; ++index) body(index);
}

void OnThreads(int threads, int64_t count, absl::FunctionRef<void(int64_t)> body) {
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&] {
      for (int64_t index = next++; index < count; index = next++) body(index);
    });
  }
  for (std::thread& thread : running) thread.join();
}

namespace {

// `count` elements written by `write`, as floats.
template <class Write>
std::vector<float> Written(Element element, size_t count, Write write) {
  std::vector<float> values(count, -7.0f);
  if (element == Element::kFloat32) {
    write(values.data());
  } else {
    std::vector<BFloat16> bits(count, ToBFloat16(-7.0f));
    write(bits.data());
    std::transform(bits.begin(), bits.end(), values.begin(),
                   [](BFloat16 value) { return ToFloat(value); });
  }
  return values;
}

}  // namespace

Answers ComputeFirst(const AttentionKernels& kernels, const graph::AttentionGraph& graph,
                     const DiffusionShape& shape, const QkvView& view, ParallelFor parallel) {
  const int tokens = view.offsets.back();
  std::vector<float> weights(static_cast<size_t>(shape.heads) * tokens, -7.0f);
  QkvView without_v = view;
  without_v.v = nullptr;
  kernels.FirstTokenWeights(graph, shape, without_v, weights.data(), parallel);
  Answers answers;
  answers.evidence.resize(tokens);
  AverageHeads({weights.data(), shape.heads, view.offsets}, answers.evidence.data());
  for (int document = 0; document < view.documents(); ++document) {
    for (int x = 0; x < shape.heads * shape.head_dim; ++x) {
      const float* s = &weights[static_cast<size_t>(x / shape.head_dim) * tokens];
      double sum = 0;
      for (int t = view.offsets[document]; t < view.offsets[document + 1]; ++t) {
        const int64_t at = t * view.row_stride + x;
        sum += s[t] * (view.element == Element::kFloat32
                           ? static_cast<const float*>(view.v)[at]
                           : ToFloat(static_cast<const BFloat16*>(view.v)[at]));
      }
      answers.first.push_back(static_cast<float>(sum));
    }
  }
  return answers;
}

Answers Compute(const AttentionKernels& kernels, const graph::AttentionGraph& graph,
                const DiffusionShape& shape, const Projections& batch, ParallelFor parallel) {
  const size_t width = shape.heads * shape.head_dim;
  const QkvView view = batch.view();
  Answers answers = ComputeFirst(kernels, graph, shape, view, parallel);
  answers.all = Written(view.element, batch.tokens() * width,
                        [&](void* out) { kernels.Diffuse(graph, shape, view, out, parallel); });
  return answers;
}

}  // namespace diffuser::kernels::testing
