#include "tests/golden/golden_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace diffuser::testing {

GoldenModel GoldenModel::Load(const std::string& name, const std::string& kernels) {
  return Load(name, [&](const auto&) {
    auto implementation = kernels::MakeAttentionKernels(kernels);
    EXPECT_TRUE(implementation.ok()) << implementation.status();
    return *std::move(implementation);
  });
}

GoldenModel GoldenModel::Load(const std::string& name, const MakeKernels& make_kernels) {
  const std::string dir = absl::StrCat(DIFFUSER_GOLDEN "/", name);
  auto expected = GoldenCase::Load(dir);
  EXPECT_TRUE(expected.ok()) << expected.status();
  auto checkpoint = checkpoint::Checkpoint::Open(dir);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  auto graph = graph::AttentionGraph::Build(expected->graph_options());
  EXPECT_TRUE(graph.ok()) << graph.status();
  auto kernels = make_kernels(*graph);
  return {*std::move(expected),
          std::make_unique<const layers::Encoder>(
              std::make_shared<const layers::CheckpointParameters>(*std::move(checkpoint)),
              layers::AttentionBackend{.graph = *std::move(graph), .kernels = std::move(kernels)},
              model::Precision::kFloat32)};
}

std::vector<int32_t> GoldenModel::ids(int document) const {
  return expected.Ints(absl::StrCat("doc", document, ".input_ids"));
}

model::PackedBatch GoldenModel::Pack(const std::vector<int>& documents) const {
  model::PackedBatch batch;
  for (int document : documents) batch.Append(ids(document));
  return batch;
}

double LargestDifference(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(double{actual[i]} - double{expected[i]});
    if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference);
  }
  return largest;
}

double Tolerance(int64_t tokens) { return tokens > 2048 ? 2e-5 : 1e-5; }

}  // namespace diffuser::testing
