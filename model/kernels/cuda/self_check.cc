#include "model/kernels/cuda/self_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "absl/strings/str_cat.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr float kTolerance = 0.02f;
// Tokens, where the graph has as many: the first are all that it has, as the longest documents are
// split in other ways than short ones.
constexpr int kLengths[] = {std::numeric_limits<int>::max(), 700, 70, 1};

void Serial(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  for (int64_t index = 0; index < count; ++index) body(index);
}

// Projections of normal numbers.
struct MadeUp {
  MadeUp(const graph::AttentionGraph& graph, const DiffusionShape& shape)
      : width(int64_t{shape.heads} * shape.head_dim) {
    for (const int length : kLengths) {
      offsets.push_back(offsets.back() + std::min(length, graph.nodes()));
    }
    std::mt19937 twister(1);
    std::normal_distribution<float> normal;
    values.resize(offsets.back() * 3 * width);
    for (float& value : values) value = normal(twister);
  }

  QkvView view() const {
    return {.q = values.data(),
            .k = values.data() + width,
            .v = values.data() + 2 * width,
            .row_stride = 3 * width,
            .offsets = offsets};
  }

  int64_t width;
  std::vector<int32_t> offsets = {0};
  std::vector<float> values;
};

struct Answers {
  Answers(const AttentionKernels& kernels, const graph::AttentionGraph& graph,
          const DiffusionShape& shape, const MadeUp& batch)
      : all(batch.offsets.back() * batch.width),
        first(std::size(kLengths) * batch.width),
        evidence(batch.offsets.back()) {
    kernels.Diffuse(graph, shape, batch.view(), all.data(), Serial);
    kernels.DiffuseFirstToken(graph, shape, batch.view(), first.data(), evidence.data(), Serial);
  }

  std::vector<float> all, first, evidence;
};

absl::Status Compare(const char* what, const std::vector<float>& trusted,
                     const std::vector<float>& answers) {
  float largest = 0;
  float difference = 0;
  for (size_t i = 0; i < trusted.size(); ++i) {
    largest = std::max(largest, std::abs(trusted[i]));
    const float here = std::abs(answers[i] - trusted[i]);
    difference = std::isnan(here) ? INFINITY : std::max(difference, here);
    if (std::isinf(difference)) break;
  }
  if (difference <= kTolerance * largest) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(what, " differs by ", difference, " where the largest number is ", largest));
}

}  // namespace

absl::Status CheckAgainst(const AttentionKernels& trusted, const AttentionKernels& kernels,
                          const graph::AttentionGraph& graph, const DiffusionShape& shape) {
  const MadeUp batch(graph, shape);
  const Answers expected(trusted, graph, shape, batch);
  try {
    const Answers actual(kernels, graph, shape, batch);
    if (auto s = Compare("h", expected.all, actual.all); !s.ok()) return s;
    if (auto s = Compare("h of first tokens", expected.first, actual.first); !s.ok()) return s;
    return Compare("evidence", expected.evidence, actual.evidence);
  } catch (const std::runtime_error& error) {
    return absl::UnavailableError(error.what());
  }
}

}  // namespace diffuser::kernels::cuda
