#include "model/token_ids.h"

#include "absl/strings/str_cat.h"

namespace diffuser::model {

absl::Status CheckTokenIds(const ModelConfig& config, absl::Span<const int32_t> ids) {
  const int limit = config.max_tokens();
  if (ids.empty() || ids.size() > static_cast<size_t>(limit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a document of ", ids.size(), " tokens; expected 1 to ", limit, " tokens"));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config.vocab_size) {
      return absl::InvalidArgumentError(absl::StrCat("token id ", ids[i], " at position ", i,
                                                     "; expected 0 to ", config.vocab_size - 1));
    }
    if (ids[i] == config.pad_token_id) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token id ", ids[i], " at position ", i, " is the padding id; documents are not padded"));
    }
  }
  return absl::OkStatus();
}

}  // namespace diffuser::model
