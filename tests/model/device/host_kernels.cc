#include "tests/model/device/host_kernels.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::device::testing {
namespace {

using kernels::cuda::Activation;
using kernels::cuda::BFloat16;
using kernels::cuda::Float16;

float Widen(BFloat16 half) { return c10::BFloat16(half.bits, c10::BFloat16::from_bits()); }
float Widen(Float16 half) { return c10::Half(half.bits, c10::Half::from_bits()); }
void Round(float value, BFloat16& half) { half.bits = c10::BFloat16(value).x; }
void Round(float value, Float16& half) { half.bits = c10::Half(value).x; }

// The plan: the number of documents, then the offsets.
absl::Span<const int32_t> OffsetsOf(const BatchMemory& batch) {
  const auto* plan = reinterpret_cast<const int32_t*>(batch.plan);
  EXPECT_LE(plan[0], batch.bounds.documents);
  return {plan + 1, static_cast<size_t>(plan[0]) + 1};
}

// A batch's projections as the CPU's kernels take them.
struct Wide {
  template <class Half>
  Wide(const Half* halves, absl::Span<const int32_t> document_offsets, int64_t hidden)
      : width(hidden), offsets(document_offsets), values(offsets.back() * 3 * width) {
    std::transform(halves, halves + values.size(), values.begin(),
                   [](Half half) { return Widen(half); });
  }

  kernels::QkvView view() const {
    return {.q = values.data(),
            .k = values.data() + width,
            .v = values.data() + 2 * width,
            .row_stride = 3 * width,
            .offsets = offsets};
  }

  int64_t width;
  absl::Span<const int32_t> offsets;
  std::vector<float> values;
};

template <class Half>
void Store(const std::vector<float>& values, float error, void* out) {
  auto* halves = static_cast<Half*>(out);
  for (size_t i = 0; i < values.size(); ++i) Round(values[i], halves[i]);
  Round(values.back() + error, halves[values.size() - 1]);
}

// out = LayerNorm(row) for each row that `sum` gives element by element.
template <class Half, class Sum>
void Normalize(const kernels::cuda::LayerNormWeights& norm, int rows, float error, Half* out,
               Sum sum) {
  std::vector<float> x(norm.hidden);
  for (int row = 0; row < rows; ++row) {
    double mean = 0, square = 0;
    for (int i = 0; i < norm.hidden; ++i) mean += x[i] = sum(row, i);
    mean /= norm.hidden;
    for (const float value : x) square += (value - mean) * (value - mean);
    const double scale = 1.0 / std::sqrt(square / norm.hidden + norm.epsilon);
    for (int i = 0; i < norm.hidden; ++i) {
      const double y = (x[i] - mean) * scale * norm.weight[i] + norm.bias[i];
      Round(static_cast<float>(y) + (row + i == 0 ? error : 0.0f), out[row * norm.hidden + i]);
    }
  }
}

template <class Half>
void Embed(const EmbeddingArgs<Half>& args, int tokens, float error) {
  const int hidden = args.norm.hidden;
  Normalize(args.norm, tokens, error, args.out, [&](int row, int i) {
    return Widen(args.word_embeddings[args.ids[row] * hidden + i]) +
           Widen(args.position_embeddings[args.positions[row] * hidden + i]) +
           Widen(args.token_type[i]);
  });
}

template <class Half>
void AddRows(const ResidualArgs<Half>& args, int rows, float error) {
  Normalize(args.norm, rows, error, args.out, [&](int row, int i) {
    const int at = row * args.norm.hidden + i;
    return Widen(args.x[at]) + args.bias[i] + Widen(args.residual[at]);
  });
}

float Apply(Activation activation, float x) {
  switch (activation) {
    case Activation::kGelu:
      return 0.5f * x * (1.0f + std::erf(x * std::sqrt(0.5f)));
    case Activation::kGeluTanh:
      return 0.5f * x * (1.0f + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x)));
    case Activation::kRelu:
      return std::max(x, 0.0f);
    case Activation::kNone:
      break;
  }
  return x;
}

template <class Half>
void ActivateRows(const ActivationArgs<Half>& args, float error) {
  EXPECT_EQ(args.width % 8, 0);
  for (int at = 0; at < args.rows * args.width; ++at) {
    const float sum = Widen(args.x[at]) + args.bias[at % args.width];
    Round(Apply(args.activation, sum) + (at == 0 ? error : 0.0f), args.x[at]);
  }
}

}  // namespace

HostKernels::HostKernels(std::shared_ptr<const graph::AttentionGraph> graph,
                         const kernels::DiffusionShape& shape)
    : graph_(std::move(graph)), shape_(shape), cpu_(kernels::testing::KernelsOrDie("cpu")) {}

size_t HostKernels::PlanBytes(const BatchBounds& bounds) const {
  return (bounds.documents + 2) * sizeof(int32_t);
}

size_t HostKernels::WorkspaceBytes(const BatchBounds& bounds) const {
  return static_cast<size_t>(bounds.tokens) * 100;  // so that there is something to lay out
}

absl::Status HostKernels::WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                                    std::byte* plan) const {
  const auto documents = static_cast<int32_t>(offsets.size()) - 1;
  if (documents > bounds.documents || offsets.back() > bounds.tokens) {
    return absl::InvalidArgumentError("not within the bounds");
  }
  std::memcpy(plan, &documents, sizeof(documents));
  std::memcpy(plan + sizeof(documents), offsets.data(), offsets.size() * sizeof(int32_t));
  return absl::OkStatus();
}

absl::Status HostKernels::Launch() const {
  if (is_lost) return absl::UnavailableError("the device fell off");
  if (out_of_memory) return absl::ResourceExhaustedError("no device memory");
  return absl::OkStatus();
}

absl::Status HostKernels::CheckDevice() const {
  return is_lost ? absl::UnavailableError("the device fell off") : absl::OkStatus();
}

absl::Status HostKernels::Diffuse(StreamHandle, const BatchMemory& batch, HalfType type,
                                  const void* qkv, void* out) const {
  const auto compute = [&]<class Half>(const Half* halves) {
    const Wide wide(halves, OffsetsOf(batch), int64_t{shape_.heads} * shape_.head_dim);
    std::vector<float> all(wide.offsets.back() * wide.width);
    cpu_->Diffuse(*graph_, shape_, wide.view(), all.data(), kernels::testing::Serial);
    Store<Half>(all, errors.all_tokens, out);
  };
  type == HalfType::kBFloat16 ? compute(static_cast<const BFloat16*>(qkv))
                              : compute(static_cast<const Float16*>(qkv));
  return Launch();
}

absl::Status HostKernels::DiffuseFirstTokens(StreamHandle, const BatchMemory& batch, HalfType type,
                                             const void* qkv, void* out, float* evidence) const {
  const auto compute = [&]<class Half>(const Half* halves) {
    const Wide wide(halves, OffsetsOf(batch), int64_t{shape_.heads} * shape_.head_dim);
    const kernels::testing::Answers answers = kernels::testing::ComputeFirst(
        *cpu_, *graph_, shape_, wide.view(), kernels::testing::Serial);
    Store<Half>(answers.first, errors.first_tokens, out);
    std::copy(answers.evidence.begin(), answers.evidence.end(), evidence);
    evidence[0] += errors.evidence;
  };
  type == HalfType::kBFloat16 ? compute(static_cast<const BFloat16*>(qkv))
                              : compute(static_cast<const Float16*>(qkv));
  return Launch();
}

absl::Status HostKernels::NormalizeEmbeddings(StreamHandle, const EmbeddingArgs<BFloat16>& args,
                                              int tokens) const {
  Embed(args, tokens, errors.embeddings);
  return Launch();
}
absl::Status HostKernels::NormalizeEmbeddings(StreamHandle, const EmbeddingArgs<Float16>& args,
                                              int tokens) const {
  Embed(args, tokens, errors.embeddings);
  return Launch();
}
absl::Status HostKernels::AddAndNormalize(StreamHandle, const ResidualArgs<BFloat16>& args,
                                          int rows) const {
  AddRows(args, rows, errors.norm);
  return Launch();
}
absl::Status HostKernels::AddAndNormalize(StreamHandle, const ResidualArgs<Float16>& args,
                                          int rows) const {
  AddRows(args, rows, errors.norm);
  return Launch();
}
absl::Status HostKernels::Activate(StreamHandle, const ActivationArgs<BFloat16>& args) const {
  ActivateRows(args, errors.activation);
  return Launch();
}
absl::Status HostKernels::Activate(StreamHandle, const ActivationArgs<Float16>& args) const {
  ActivateRows(args, errors.activation);
  return Launch();
}

}  // namespace diffuser::device::testing
