#ifndef DIFFUSER_MODEL_TOKEN_IDS_H_
#define DIFFUSER_MODEL_TOKEN_IDS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/model_config.h"

namespace diffuser::model {

// Whether a model of that config takes the document: 1 to config.max_tokens() ids, each in
// [0, vocab_size) and none of them the padding id. Errors: INVALID_ARGUMENT.
absl::Status CheckTokenIds(const ModelConfig& config, absl::Span<const int32_t> ids);

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_TOKEN_IDS_H_
