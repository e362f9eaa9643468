#include "model/device/device_classifier.h"

#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "model/device/lane_pool.h"
#include "model/device/loading.h"
#include "model/device/status_error.h"
#include "model/token_ids.h"

namespace diffuser::device {
namespace {

using model::Classification;
using model::LoadOptions;
using model::PackedBatch;
using model::Precision;

class DeviceClassifier final : public model::Classifier {
 public:
  DeviceClassifier(const DeviceParts& parts, Precision precision,
                   std::shared_ptr<const DeviceEncoder> encoder, Lanes lanes,
                   const LoadOptions& options)
      : runtime_(parts.runtime),
        stream_kernels_(parts.kernels.value_or(nullptr)),
        encoder_(std::move(encoder)),
        precision_(precision),
        most_(lanes.most),
        on_internal_error_(options.on_internal_error),
        lanes_(std::move(lanes.lanes)) {}

  const model::ModelConfig& config() const override { return encoder_->config(); }
  std::string device() const override { return runtime_->device().str(); }
  Precision precision() const override { return precision_; }
  int64_t weight_bytes() const override { return encoder_->weights().bytes; }

  int concurrency() const override { return kLanes; }
  int max_batch_tokens() const override { return most_.tokens; }
  absl::Status health() const override {
    const absl::MutexLock lock(&mutex_);
    return health_;
  }
  std::optional<model::DeviceMemory> device_memory() const override { return runtime_->memory(); }

  absl::Status Validate(absl::Span<const int32_t> ids) const override {
    return model::CheckTokenIds(config(), ids);
  }
  absl::StatusOr<std::vector<Classification>> Classify(
      const PackedBatch& batch, const std::vector<bool>& evidence) const override;

 private:
  absl::Status CheckSize(const PackedBatch& batch) const;
  void CheckDevice() const;

  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<const kernels::cuda::StreamKernels> stream_kernels_;  // null where there are none
  std::shared_ptr<const DeviceEncoder> encoder_;
  Precision precision_;
  BatchBounds most_;
  std::function<void(const std::string&)> on_internal_error_;
  mutable LanePool lanes_;
  mutable absl::Mutex mutex_;
  mutable absl::Status health_ ABSL_GUARDED_BY(mutex_);
};

absl::Status DeviceClassifier::CheckSize(const PackedBatch& batch) const {
  if (batch.tokens() <= most_.tokens && batch.documents() <= most_.documents) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("a batch of ", batch.documents(), " documents and ", batch.tokens(),
                   " tokens; at most ", most_.documents, " and ", most_.tokens, " fit the device"));
}

// Waits until nothing of a failed batch runs any more, and finds out whether the device is lost.
void DeviceClassifier::CheckDevice() const {
  std::string details;
  const absl::Status status = stream_kernels_ != nullptr
                                  ? stream_kernels_->CheckDevice()
                                  : GuardDevice([&](const std::string& error) { details = error; },
                                                [&] { runtime_->Synchronize(); });
  if (status.ok()) return;
  if (on_internal_error_) {
    on_internal_error_(absl::StrCat(device(), " is lost: ", status.message(), " ", details));
  }
  const absl::MutexLock lock(&mutex_);
  health_ = absl::UnavailableError(absl::StrCat("device ", device(), " is lost"));
}

absl::StatusOr<std::vector<Classification>> DeviceClassifier::Classify(
    const PackedBatch& batch, const std::vector<bool>& evidence) const {
  if (absl::Status status = CheckSize(batch); !status.ok()) return status;
  const LanePool::Lease lane = lanes_.Take();
  if (!health().ok()) return absl::InternalError("the device is lost; the log has the details");
  std::vector<Classification> answers;
  const absl::Status status = GuardDevice(on_internal_error_, [&] {
    const c10::InferenceMode no_autograd;
    answers = lane->Classify(batch, evidence);
  });
  if (status.ok()) return answers;
  CheckDevice();
  return status;
}

absl::Status CheckPrecision(Precision precision) {
  if (precision != Precision::kInt8 && precision != Precision::kAuto) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("precision ", model::PrecisionName(precision),
                   " is the CPU's; on a device, expected auto, bfloat16, float16 or float32"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const model::Classifier>> MakeDeviceClassifier(
    const DeviceParts& parts, Precision precision, const LoadOptions& options) {
  if (absl::Status status = CheckPrecision(precision); !status.ok()) return status;
  std::shared_ptr<const model::Classifier> classifier;
  const absl::Status status = GuardDevice(options.on_internal_error, [&] {
    const c10::InferenceMode no_autograd;
    const at::ScalarType type = RowType(precision);
    if (type == at::kFloat) {
      at::globalContext().setFloat32Precision(at::Float32Backend::CUDA, at::Float32Op::MATMUL,
                                              at::Float32Precision::TF32);
    }
    auto kernels = ChooseKernels(parts, type, options);
    auto encoder = std::make_shared<const DeviceEncoder>(
        parts.parameters->config(),
        std::make_shared<const DeviceWeights>(*parts.parameters, parts.runtime->device(), type),
        std::move(kernels));
    // What was copied to the device, and rounded there, went through another stream than lanes
    // have.
    parts.runtime->Synchronize();
    parts.runtime->ReleaseUnused();
    Lanes lanes = MakeLanes(*parts.runtime, encoder, options);
    classifier = std::make_shared<DeviceClassifier>(parts, precision, std::move(encoder),
                                                    std::move(lanes), options);
  });
  if (!status.ok()) return status;
  return classifier;
}

}  // namespace diffuser::device
