#include "model/device/self_check.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sub.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace diffuser::device {
namespace {

constexpr double kTolerance = 0.02;
// Tokens, where the model takes as many: the longest documents are split in other ways than short
// ones.
constexpr int kLengths[] = {std::numeric_limits<int>::max(), 700, 70, 1};
constexpr int kRows = 70;

std::vector<int32_t> Offsets(int longest) {
  std::vector<int32_t> offsets = {0};
  for (const int length : kLengths) offsets.push_back(offsets.back() + std::min(length, longest));
  return offsets;
}

// Normal numbers, the same each time.
class MadeUp {
 public:
  MadeUp(c10::Device device, at::ScalarType type)
      : device_(device), type_(type), generator_(at::detail::createCPUGenerator(/*seed=*/1)) {}

  at::Tensor Rows(at::IntArrayRef shape) { return Numbers(shape).to(device_, type_); }
  at::Tensor Floats(at::IntArrayRef shape) { return Numbers(shape).to(device_); }
  at::Tensor Indices(int64_t below, int64_t count) {
    return at::randint(below, {count}, generator_, at::kInt).to(device_);
  }
  NormWeights Norm(int64_t hidden) { return {Floats({hidden}), Floats({hidden}), 1e-5}; }

 private:
  at::Tensor Numbers(at::IntArrayRef shape) { return at::randn(shape, generator_, at::kFloat); }

  c10::Device device_;
  at::ScalarType type_;
  at::Generator generator_;
};

struct NamedAnswer {
  const char* what;
  at::Tensor values;
};

// What kernels make of the same made-up numbers.
class Answers {
 public:
  Answers(Runtime& runtime, Stream& stream, const model::ModelConfig& config, at::ScalarType type)
      : runtime_(runtime), stream_(stream), config_(config), made_up_(runtime.device(), type) {}

  std::vector<NamedAnswer> Of(const EncoderKernels& kernels) && {
    Diffuse(kernels);
    NormalizeEmbeddings(kernels);
    AddAndNormalize(kernels);
    Activate(kernels);
    stream_.Synchronize();
    return std::move(answers_);
  }

 private:
  // Numbers that no kernel gives: what is not written shows.
  at::Tensor Unwritten(at::IntArrayRef shape, const at::Tensor& like) const {
    return at::full(shape, 1e4, like.options());
  }

  BatchOnDevice Upload(const EncoderKernels& kernels, absl::Span<const int32_t> offsets) {
    const BatchBounds bounds = {.tokens = offsets.back(),
                                .documents = static_cast<int>(offsets.size()) - 1,
                                .longest = std::min(kLengths[0], config_.max_tokens())};
    const auto plan_bytes = static_cast<int64_t>(kernels.PlanBytes(bounds));
    const at::Tensor plan = runtime_.PinnedBytes(plan_bytes);
    kernels.WritePlan(bounds, offsets, static_cast<std::byte*>(plan.mutable_data_ptr()));
    BatchOnDevice batch = {
        .bounds = bounds,
        .plan = runtime_.DeviceBytes(plan_bytes),
        .workspace = runtime_.DeviceBytes(static_cast<int64_t>(kernels.WorkspaceBytes(bounds))),
        .stream = stream_.handle(),
        .offsets = offsets};
    batch.plan.copy_(plan);
    return batch;
  }

  void Diffuse(const EncoderKernels& kernels) {
    const std::vector<int32_t> offsets = Offsets(config_.max_tokens());
    const BatchOnDevice batch = Upload(kernels, offsets);
    const int64_t hidden = config_.hidden_size;
    const at::Tensor qkv = made_up_.Rows({batch.bounds.tokens, 3 * hidden});
    at::Tensor all = Unwritten({batch.bounds.tokens, hidden}, qkv);
    at::Tensor first = Unwritten({batch.bounds.documents, hidden}, qkv);
    at::Tensor evidence = at::full({batch.bounds.tokens}, 1e4, qkv.options().dtype(at::kFloat));
    kernels.Diffuse(batch, qkv, all);
    kernels.DiffuseFirstTokens(batch, qkv, first, evidence);
    stream_.Synchronize();  // before the batch's memory goes
    answers_.push_back({"the attention of all tokens", all});
    answers_.push_back({"the attention of first tokens", first});
    answers_.push_back({"the evidence", evidence});
  }

  void NormalizeEmbeddings(const EncoderKernels& kernels) {
    const int64_t hidden = config_.hidden_size;
    const EmbeddingTables tables = {made_up_.Rows({kRows, hidden}), made_up_.Rows({kRows, hidden}),
                                    made_up_.Rows({hidden})};
    const at::Tensor ids = made_up_.Indices(kRows, kRows);
    const at::Tensor positions = made_up_.Indices(kRows, kRows);
    at::Tensor out = Unwritten({kRows, hidden}, tables.word);
    kernels.NormalizeEmbeddings(stream_.handle(), tables, ids, positions, made_up_.Norm(hidden),
                                out);
    Keep("the norm of the embeddings", out);
  }

  void AddAndNormalize(const EncoderKernels& kernels) {
    const int64_t hidden = config_.hidden_size;
    const ResidualRows rows = {made_up_.Rows({kRows, hidden}), made_up_.Floats({hidden}),
                               made_up_.Rows({kRows, hidden})};
    at::Tensor out = rows.residual.clone();
    kernels.AddAndNormalize(stream_.handle(), {rows.product, rows.bias, out}, made_up_.Norm(hidden),
                            out);
    Keep("the norm of a sum", out);
  }

  void Activate(const EncoderKernels& kernels) {
    at::Tensor x = made_up_.Rows({kRows, config_.intermediate_size});
    kernels.Activate(stream_.handle(), x, made_up_.Floats({config_.intermediate_size}),
                     config_.hidden_act);
    Keep("the activation", x);
  }

  // What the kernels read must live until they have.
  void Keep(const char* what, const at::Tensor& answer) {
    stream_.Synchronize();
    answers_.push_back({what, answer});
  }

  Runtime& runtime_;
  Stream& stream_;
  const model::ModelConfig& config_;
  MadeUp made_up_;
  std::vector<NamedAnswer> answers_;
};

absl::Status Compare(const NamedAnswer& expected, const NamedAnswer& actual) {
  const at::Tensor exact = expected.values.to(at::kFloat);
  const at::Tensor differences = at::sub(actual.values.to(at::kFloat), exact);
  const double largest = exact.abs().max().item<double>();
  const double difference = differences.abs().max().item<double>();
  if (difference <= kTolerance * largest) return absl::OkStatus();  // not so where it is no number
  return absl::FailedPreconditionError(absl::StrCat(expected.what, " differs by ", difference,
                                                    " where the largest number is ", largest));
}

}  // namespace

absl::Status CheckKernels(Runtime& runtime, const model::ModelConfig& config, at::ScalarType type,
                          const EncoderKernels& trusted, const EncoderKernels& kernels) {
  const std::unique_ptr<Stream> stream = runtime.NewStream();
  absl::Status status;
  stream->Run([&] {
    const auto expected = Answers(runtime, *stream, config, type).Of(trusted);
    const auto actual = Answers(runtime, *stream, config, type).Of(kernels);
    for (size_t i = 0; i < expected.size() && status.ok(); ++i) {
      status = Compare(expected[i], actual[i]);
    }
  });
  return status;
}

}  // namespace diffuser::device
