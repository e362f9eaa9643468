#include "model/classifier.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/layers/arena.h"
#include "model/layers/encoder.h"
#include "model/layers/guard.h"
#include "model/layers/heads.h"
#include "model/precision_check.h"
#include "model/profile.h"

namespace diffuser::model {
namespace {

// One for each thread that computes, whichever model it computes for.
const layers::Arena& ThreadArena() {
  thread_local layers::Arena arena;
  return arena;
}

class PackedClassifier final : public Classifier {
 public:
  PackedClassifier(std::unique_ptr<const layers::Encoder> encoder, std::string device,
                   Precision precision, const LoadOptions& options)
      : encoder_(std::move(encoder)),
        head_(encoder_->parameters()),
        device_(std::move(device)),
        precision_(precision),
        compute_threads_(options.compute_threads),
        on_internal_error_(options.on_internal_error) {}

  const ModelConfig& config() const override { return encoder_->parameters().config(); }
  std::string device() const override { return device_; }
  Precision precision() const override { return precision_; }
  int64_t weight_bytes() const override { return encoder_->weight_bytes(); }

  absl::Status Validate(absl::Span<const int32_t> ids) const override;
  absl::StatusOr<std::vector<Classification>> Classify(
      const PackedBatch& batch, const std::vector<bool>& evidence) const override;

 private:
  std::vector<Classification> Compute(const PackedBatch& batch,
                                      const std::vector<bool>& evidence) const;

  std::unique_ptr<const layers::Encoder> encoder_;
  layers::ClassificationHead head_;
  std::string device_;
  Precision precision_;
  int compute_threads_;
  std::function<void(const std::string&)> on_internal_error_;
};

absl::Status PackedClassifier::Validate(absl::Span<const int32_t> ids) const {
  const int limit = config().max_tokens();
  if (ids.empty() || ids.size() > static_cast<size_t>(limit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a document of ", ids.size(), " tokens; expected 1 to ", limit, " tokens"));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config().vocab_size) {
      return absl::InvalidArgumentError(absl::StrCat("token id ", ids[i], " at position ", i,
                                                     "; expected 0 to ", config().vocab_size - 1));
    }
    if (ids[i] == config().pad_token_id) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token id ", ids[i], " at position ", i, " is the padding id; documents are not padded"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Classification>> PackedClassifier::Classify(
    const PackedBatch& batch, const std::vector<bool>& evidence) const {
  std::vector<Classification> answers;
  const absl::Status status = layers::GuardTorch(on_internal_error_, [&] {
    answers = Compute(batch, evidence);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return answers;
}

std::vector<Classification> PackedClassifier::Compute(const PackedBatch& batch,
                                                      const std::vector<bool>& evidence) const {
  const c10::InferenceMode no_autograd;
  at::set_num_threads(compute_threads_);  // a property of the calling thread
  const bool any_evidence = std::find(evidence.begin(), evidence.end(), true) != evidence.end();
  const layers::Arena& arena = ThreadArena();
  const layers::ArenaScope scope(arena);
  const layers::FirstTokens first = encoder_->EncodeFirstTokens(batch, any_evidence);
  PartTimer timer;
  const at::Tensor logits = head_.Forward(first.hidden).contiguous();
  timer.Count(Part::kHead);

  const float* row = logits.const_data_ptr<float>();
  const float* weights = any_evidence ? first.evidence.const_data_ptr<float>() : nullptr;
  std::vector<Classification> answers(batch.documents());
  for (int i = 0; i < batch.documents(); ++i, row += logits.size(1)) {
    answers[i].logits.assign(row, row + logits.size(1));
    if (!any_evidence || !evidence[i]) continue;
    answers[i].evidence.assign(weights + batch.offsets()[i], weights + batch.offsets()[i + 1]);
  }
  return answers;
}

absl::Status CheckOptions(const LoadOptions& options) {
  if (options.device != "auto" && options.device != "cpu" &&
      !absl::StartsWith(options.device, "cuda")) {
    return absl::InvalidArgumentError(
        absl::StrCat("device '", options.device, "'; expected auto, cpu, cuda or cuda:N"));
  }
  if (options.compute_threads < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("compute_threads ", options.compute_threads, "; expected at least 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckPrecision(Precision asked) {
  if (asked == Precision::kAuto || layers::IsSupported(asked)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("precision ", PrecisionName(asked), " needs a processor with ",
                   asked == Precision::kInt8 ? "AVX2" : "AVX-512 (BW, VL and DQ)",
                   "; expected auto or a precision that this one has"));
}

// From the fastest on. bfloat16 without instructions for it is slower than float32.
std::vector<Precision> FasterThanFloat32() {
  std::vector<Precision> precisions;
  if (layers::IsSupported(Precision::kInt8)) precisions.push_back(Precision::kInt8);
  if (layers::HasBFloat16Instructions() && layers::IsSupported(Precision::kBFloat16)) {
    precisions.push_back(Precision::kBFloat16);
  }
  return precisions;
}

absl::StatusOr<std::shared_ptr<const graph::AttentionGraph>> BuildGraph(const ModelConfig& config) {
  return graph::AttentionGraph::Build({.nodes = kGraphNodes,
                                       .window = config.attention_window,
                                       .num_rand = config.num_rand,
                                       .num_glob = config.num_glob});
}

absl::StatusOr<std::unique_ptr<const kernels::AttentionKernels>> ChooseKernels(
    const LoadOptions& options) {
  if (options.device == "auto" || options.device == "cpu") {
    return kernels::MakeAttentionKernels(options.kernels);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("device ", options.device, ": no dense layers for it"));
}

absl::StatusOr<std::shared_ptr<const checkpoint::Checkpoint>> OpenClassifier(
    const std::string& dir) {
  auto checkpoint = checkpoint::Checkpoint::Open(dir);
  if (!checkpoint.ok()) return checkpoint.status();
  if ((*checkpoint)->config().head != HeadKind::kClassification) {
    return absl::InvalidArgumentError(absl::StrCat(
        dir, "/config.json: architectures name a masked-LM head; expected a classification head"));
  }
  return std::shared_ptr<const checkpoint::Checkpoint>(*std::move(checkpoint));
}

// What classifiers of all precisions are made of.
struct Parts {
  std::shared_ptr<const checkpoint::Checkpoint> checkpoint;
  std::shared_ptr<const graph::AttentionGraph> graph;
  const LoadOptions& options;
};

absl::StatusOr<std::shared_ptr<const Classifier>> Make(
    const Parts& parts, std::shared_ptr<const layers::ParameterSource> parameters,
    Precision precision) {
  auto chosen = ChooseKernels(parts.options);
  if (!chosen.ok()) return chosen.status();
  std::shared_ptr<const Classifier> classifier;
  const absl::Status status = layers::GuardTorch(parts.options.on_internal_error, [&] {
    const c10::InferenceMode no_autograd;
    at::set_num_threads(parts.options.compute_threads);
    auto encoder = std::make_unique<const layers::Encoder>(
        std::move(parameters),
        layers::AttentionBackend{.graph = parts.graph, .kernels = *std::move(chosen)}, precision);
    classifier =
        std::make_shared<PackedClassifier>(std::move(encoder), "cpu", precision, parts.options);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return classifier;
}

absl::StatusOr<std::shared_ptr<const Classifier>> MakePacked(const Parts& parts,
                                                             Precision precision) {
  return Make(parts, std::make_shared<const layers::CheckpointParameters>(parts.checkpoint),
              precision);
}

absl::StatusOr<std::shared_ptr<const Classifier>> MakeFastest(const Parts& parts) {
  const std::vector<Precision> candidates = FasterThanFloat32();
  if (candidates.empty()) return MakePacked(parts, Precision::kFloat32);
  // What the candidates are compared with computes from the mapped file: packed, it would take a
  // second copy of all weights.
  const auto float32 =
      Make(parts, std::make_shared<const layers::UnpackedParameters>(parts.checkpoint),
           Precision::kFloat32);
  if (!float32.ok()) return float32.status();
  return FirstThatAgrees(
      **float32, candidates, [&](Precision precision) { return MakePacked(parts, precision); },
      parts.options.on_precision_check);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindDevices(
    const std::string& device, const std::function<void(const Fallback&)>& /*on_fallback*/) {
  return std::vector<std::string>{device == "auto" ? "cpu" : device};
}

absl::StatusOr<std::shared_ptr<const Classifier>> Classifier::Load(const std::string& dir,
                                                                   const LoadOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckPrecision(options.precision); !status.ok()) return status;
  if (auto kernels = kernels::MakeAttentionKernels(options.kernels); !kernels.ok()) {
    return kernels.status();
  }
  auto checkpoint = OpenClassifier(dir);
  if (!checkpoint.ok()) return checkpoint.status();
  auto graph = BuildGraph((*checkpoint)->config());
  if (!graph.ok()) return graph.status();
  const Parts parts = {*std::move(checkpoint), *std::move(graph), options};
  auto classifier = options.precision == Precision::kAuto ? MakeFastest(parts)
                                                          : MakePacked(parts, options.precision);
  parts.checkpoint->ReleasePages();
  return classifier;
}

}  // namespace diffuser::model
