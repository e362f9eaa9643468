#include "model/tokenizer/training.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/file_writer.h"
#include "model/tokenizer/crate/diffuser_tokenizer.h"
#include "model/tokenizer/text_source.h"

namespace diffuser::tokenizer {
namespace {

struct Free {
  void operator()(diffuser_trainer* handle) const { diffuser_trainer_free(handle); }
  void operator()(diffuser_text* handle) const { diffuser_text_free(handle); }
};
using TrainerHandle = std::unique_ptr<diffuser_trainer, Free>;
using TextHandle = std::unique_ptr<diffuser_text, Free>;

absl::Status CheckOptions(const TokenizerTrainingOptions& options) {
  if (options.inputs.empty()) return absl::InvalidArgumentError("no texts to train on are named");
  if (options.output.empty()) return absl::InvalidArgumentError("no file to write is named");
  if (options.vocab_size < 1 || options.min_frequency < 0) {
    return absl::InvalidArgumentError("vocab_size and min_frequency must be positive");
  }
  if (options.max_bytes < 1 || options.max_bytes > kMostTrainingBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_bytes is ", options.max_bytes, ", expected 1 to ", kMostTrainingBytes));
  }
  return absl::OkStatus();
}

absl::Status AddText(diffuser_trainer* trainer, absl::string_view text) {
  switch (diffuser_trainer_add(trainer, text.data(), text.size())) {
    case DIFFUSER_TOKENIZER_OK:
      return absl::OkStatus();
    case DIFFUSER_TOKENIZER_INVALID_UTF8:
      return absl::InvalidArgumentError(
          absl::StrCat("is not valid UTF-8: ", diffuser_tokenizer_last_error()));
    case DIFFUSER_TOKENIZER_FAILED:
      break;
  }
  return absl::InternalError(absl::StrCat("cannot count words: ", diffuser_tokenizer_last_error()));
}

// Chooses documents that hold about `max_bytes`, at most, spread evenly over `file_bytes` of files.
class Sample {
 public:
  Sample(int64_t max_bytes, int64_t file_bytes)
      : max_bytes_(max_bytes),
        share_(std::min(1.0, static_cast<double>(max_bytes) / std::max<int64_t>(file_bytes, 1))) {}

  bool Takes(absl::string_view text, int64_t file_bytes, TokenizerTrainingSummary& summary) {
    const double due = share_ * seen_bytes_;
    seen_bytes_ += file_bytes;
    const auto size = static_cast<int64_t>(text.size());
    if (summary.bytes > due || size > max_bytes_ - summary.bytes) {
      ++summary.passed_over;
      return false;
    }
    ++summary.documents;
    summary.bytes += size;
    return true;
  }

 private:
  int64_t max_bytes_;
  double share_;
  double seen_bytes_ = 0;
};

absl::Status CountWords(const TokenizerTrainingOptions& options, diffuser_trainer* trainer,
                        TokenizerTrainingSummary& summary) {
  const absl::StatusOr<std::vector<TextFile>> files = FindTextFiles(options.inputs);
  if (!files.ok()) return files.status();
  int64_t file_bytes = 0;
  for (const TextFile& file : *files) file_bytes += file.bytes;
  Sample sample(options.max_bytes, file_bytes);
  const absl::Status visited =
      VisitTexts(*files, [&](absl::string_view text, int64_t text_file_bytes) {
        if (!sample.Takes(text, text_file_bytes, summary)) return absl::OkStatus();
        return AddText(trainer, text);
      });
  if (!visited.ok()) return visited;
  if (summary.bytes > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(summary.passed_over > 0 ? "no text is as short as max_bytes"
                                                            : "the inputs hold no text");
}

// How many ids a tokenizer.json that was just trained gives: its special tokens are in its model's
// vocabulary.
int VocabSize(absl::string_view tokenizer_json) {
  const auto object = nlohmann::json::parse(tokenizer_json.begin(), tokenizer_json.end(), nullptr,
                                            /*allow_exceptions=*/false);
  return object.is_discarded() ? 0 : static_cast<int>(object["model"]["vocab"].size());
}

}  // namespace

absl::StatusOr<TokenizerTrainingSummary> TrainTokenizer(const TokenizerTrainingOptions& options) {
  const absl::Status checked = CheckOptions(options);
  if (!checked.ok()) return checked;
  TrainerHandle trainer(
      diffuser_trainer_new({.vocab_size = static_cast<uint32_t>(options.vocab_size),
                            .min_frequency = static_cast<uint64_t>(options.min_frequency),
                            .lowercase = options.lowercase,
                            .collapse_spaces = options.collapse_spaces}));
  if (trainer == nullptr) return absl::InvalidArgumentError(diffuser_tokenizer_last_error());
  TokenizerTrainingSummary summary;
  const absl::Status counted = CountWords(options, trainer.get(), summary);
  if (!counted.ok()) return counted;
  const TextHandle json(diffuser_trainer_finish(trainer.release()));
  if (json == nullptr) {
    return absl::InternalError(
        absl::StrCat("cannot train the tokenizer: ", diffuser_tokenizer_last_error()));
  }
  const absl::string_view text(json->bytes, json->length);
  summary.vocab_size = VocabSize(text);
  const absl::Status written = checkpoint::WriteFileAtomically(options.output, text);
  if (!written.ok()) return written;
  return summary;
}

}  // namespace diffuser::tokenizer
