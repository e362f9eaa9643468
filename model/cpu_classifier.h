#ifndef DIFFUSER_MODEL_CPU_CLASSIFIER_H_
#define DIFFUSER_MODEL_CPU_CLASSIFIER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/layers/diffusion_attention.h"
#include "model/layers/parameters.h"

namespace diffuser::model {

// A classifier on the CPU, with dense layers of `precision`.
// Blocks: while it prepacks the weights. Errors: RESOURCE_EXHAUSTED, INTERNAL.
// REQUIRES: layers::IsSupported(precision); the backend's graph is the one the config asks for.
absl::StatusOr<std::shared_ptr<const Classifier>> MakeCpuClassifier(
    std::shared_ptr<const layers::ParameterSource> parameters, layers::AttentionBackend backend,
    Precision precision, const LoadOptions& options);

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_CPU_CLASSIFIER_H_
