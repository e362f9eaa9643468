#include "model/device/loading.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/device/self_check.h"
#include "model/device/status_error.h"
#include "model/layers/diffusion_attention.h"

namespace diffuser::device {
namespace {

// Documents shorter than this on average are split into more batches than their tokens ask for:
// what kernels need for each is not worth taking for a batch of single tokens.
constexpr int kLeastMeanTokens = 8;

void Report(const model::LoadOptions& options, const std::string& reason, std::string details) {
  if (options.on_fallback) options.on_fallback({.reason = reason, .details = std::move(details)});
}

absl::Status Check(const DeviceParts& parts, at::ScalarType type, const EncoderKernels& trusted,
                   const EncoderKernels& kernels) {
  try {
    return CheckKernels(*parts.runtime, parts.parameters->config(), type, trusted, kernels);
  } catch (const StatusError& error) {
    return error.status();
  }
}

// A batch as large as there may be, of documents as long as there may be.
model::PackedBatch LargestBatch(const model::ModelConfig& config, const BatchBounds& most) {
  const std::vector<int32_t> ids(most.longest, config.pad_token_id == 0 ? 1 : 0);
  model::PackedBatch batch;
  while (batch.tokens() < most.tokens && batch.documents() < most.documents) {
    const int length = std::min(most.longest, most.tokens - batch.tokens());
    batch.Append(absl::MakeConstSpan(ids).first(length));
  }
  return batch;
}

// Computes the largest batch, so that what LibTorch takes while it does is there, too.
std::vector<std::unique_ptr<Lane>> TryLanes(Runtime& runtime,
                                            const std::shared_ptr<const DeviceEncoder>& encoder,
                                            const BatchBounds& most, const LaneOptions& options) {
  const model::PackedBatch batch = LargestBatch(encoder->config(), most);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (int i = 0; i < kLanes; ++i) {
    lanes.push_back(std::make_unique<Lane>(runtime, encoder, most, options));
    lanes.back()->Classify(batch, std::vector<bool>(batch.documents(), true));
  }
  return lanes;
}

bool IsOutOfMemory(const std::exception& error) {
  const auto* status = dynamic_cast<const StatusError*>(&error);
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         (status != nullptr && absl::IsResourceExhausted(status->status()));
}

BatchBounds BoundsFor(int tokens, int longest) {
  return {
      .tokens = tokens, .documents = std::max(1, tokens / kLeastMeanTokens), .longest = longest};
}

}  // namespace

at::ScalarType RowType(model::Precision precision) {
  if (precision == model::Precision::kFloat32) return at::kFloat;
  return precision == model::Precision::kFloat16 ? at::kHalf : at::kBFloat16;
}

std::shared_ptr<const EncoderKernels> ChooseKernels(const DeviceParts& parts, at::ScalarType type,
                                                    const model::LoadOptions& options) {
  const model::ModelConfig& config = parts.parameters->config();
  const kernels::DiffusionShape shape = layers::AttentionShape(config);
  std::shared_ptr<const EncoderKernels> aten =
      MakeAtenKernels(*parts.graph, shape, config.max_tokens(), parts.runtime->device());
  if (!parts.kernels.ok()) {
    Report(options, "no_kernels", std::string(parts.kernels.status().message()));
    return aten;
  }
  std::shared_ptr<const EncoderKernels> library = MakeLibraryKernels(*parts.kernels, shape, type);
  const absl::Status check = Check(parts, type, *aten, *library);
  if (check.ok()) {
    if (!parts.runtime->has_graphs()) {
      Report(options, "no_graphs", "LibTorch offers no graphs on this device");
    }
    return library;
  }
  Report(options, "self_check",
         absl::StrCat("kernels on ", parts.runtime->device().str(), ": ", check.message()));
  return aten;
}

Lanes MakeLanes(Runtime& runtime, const std::shared_ptr<const DeviceEncoder>& encoder,
                const model::LoadOptions& options) {
  const LaneOptions lane_options = {.on_device_part = options.on_device_part,
                                    .on_internal_error = options.on_internal_error};
  const int longest = encoder->config().max_tokens();
  const int wanted = std::max(options.max_batch_tokens, longest);
  for (int tokens = wanted;; tokens = std::max(tokens / 2, longest)) {
    const BatchBounds most = BoundsFor(tokens, longest);
    try {
      return {.most = most, .lanes = TryLanes(runtime, encoder, most, lane_options)};
    } catch (const std::exception& error) {
      if (tokens == longest || !IsOutOfMemory(error)) throw;
    }
    runtime.Synchronize();
    runtime.ReleaseUnused();
  }
}

}  // namespace diffuser::device
