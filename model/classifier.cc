#include "model/classifier.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint.h"
#include "model/cpu_classifier.h"
#include "model/device/cuda_devices.h"
#include "model/device/device_classifier.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/stream_kernels.h"
#include "model/layers/linear.h"
#include "model/precision_check.h"

namespace diffuser::model {
namespace {

absl::Status CheckOptions(const LoadOptions& options) {
  if (options.device != "cpu" && !absl::StartsWith(options.device, "cuda:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("device '", options.device, "'; expected cpu or cuda:N"));
  }
  if (options.compute_threads < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("compute_threads ", options.compute_threads, "; expected at least 1"));
  }
  if (options.max_batch_tokens < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_batch_tokens ", options.max_batch_tokens, "; expected at least 1"));
  }
  return absl::OkStatus();
}

absl::Status CheckCpuPrecision(Precision asked) {
  if (asked == Precision::kFloat16) {
    return absl::FailedPreconditionError(
        "precision float16 needs a CUDA device; expected auto, float32, bfloat16 or int8");
  }
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

// What classifiers of all precisions and devices are made of.
struct Parts {
  std::shared_ptr<const checkpoint::Checkpoint> checkpoint;
  std::shared_ptr<const graph::AttentionGraph> graph;
  std::shared_ptr<const kernels::AttentionKernels> kernels;  // the CPU's
  const LoadOptions& options;
};

absl::StatusOr<std::shared_ptr<const Classifier>> MakeOnCpu(
    const Parts& parts, std::shared_ptr<const layers::ParameterSource> parameters,
    Precision precision) {
  return MakeCpuClassifier(std::move(parameters), {.graph = parts.graph, .kernels = parts.kernels},
                           precision, parts.options);
}

// The first of the candidates that agrees with the CPU's float32; where none does, or there is
// none, float32.
absl::StatusOr<std::shared_ptr<const Classifier>> MakeFastest(
    const Parts& parts, const std::vector<Precision>& candidates, MakeClassifier make) {
  if (candidates.empty()) return make(Precision::kFloat32);
  // What the candidates are compared with computes from the mapped file: packed, it would take a
  // second copy of all weights.
  const auto float32 =
      MakeOnCpu(parts, std::make_shared<const layers::UnpackedParameters>(parts.checkpoint),
                Precision::kFloat32);
  if (!float32.ok()) return float32.status();
  return FirstThatAgrees(**float32, candidates, make, parts.options.on_precision_check);
}

absl::StatusOr<std::shared_ptr<const Classifier>> LoadOnCpu(const Parts& parts) {
  const Precision asked = parts.options.precision;
  if (absl::Status status = CheckCpuPrecision(asked); !status.ok()) return status;
  const auto make = [&](Precision precision) {
    return MakeOnCpu(parts, std::make_shared<const layers::CheckpointParameters>(parts.checkpoint),
                     precision);
  };
  return asked == Precision::kAuto ? MakeFastest(parts, FasterThanFloat32(), make) : make(asked);
}

absl::StatusOr<std::shared_ptr<const Classifier>> LoadOnDevice(const Parts& parts) {
  auto device = device::OpenCudaDevice(parts.options.device);
  if (!device.ok()) return device.status();
  const device::DeviceParts device_parts = {
      .runtime = device->runtime,
      .kernels =
          kernels::cuda::MakeStreamKernels(device->library, device->info, *parts.graph,
                                           layers::AttentionShape(parts.checkpoint->config())),
      .parameters = std::make_shared<const layers::CheckpointParameters>(parts.checkpoint),
      .graph = parts.graph};
  const auto make = [&](Precision precision) {
    return device::MakeDeviceClassifier(device_parts, precision, parts.options);
  };
  const Precision asked = parts.options.precision;
  return asked == Precision::kAuto ? MakeFastest(parts, {Precision::kBFloat16}, make) : make(asked);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindDevices(
    const std::string& device, const std::function<void(const Fallback&)>& on_fallback) {
  return device::SelectDevices(device, device::FindCudaDevices, on_fallback);
}

absl::StatusOr<std::shared_ptr<const Classifier>> Classifier::Load(const std::string& dir,
                                                                   const LoadOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  auto kernels = kernels::MakeAttentionKernels(options.kernels);
  if (!kernels.ok()) return kernels.status();
  auto checkpoint = OpenClassifier(dir);
  if (!checkpoint.ok()) return checkpoint.status();
  auto graph = BuildGraph((*checkpoint)->config());
  if (!graph.ok()) return graph.status();
  const Parts parts = {*std::move(checkpoint), *std::move(graph), *std::move(kernels), options};
  auto classifier = options.device == "cpu" ? LoadOnCpu(parts) : LoadOnDevice(parts);
  parts.checkpoint->ReleasePages();
  return classifier;
}

}  // namespace diffuser::model
