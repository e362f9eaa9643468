#ifndef DIFFUSER_MODEL_TOKENIZER_TRAINING_H_
#define DIFFUSER_MODEL_TOKENIZER_TRAINING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace diffuser::tokenizer {

// More text than this is never used: pairs are counted in 32 bits.
inline constexpr int64_t kMostTrainingBytes = (int64_t{1} << 31) - 1;

struct TokenizerTrainingOptions {
  // Texts, as text_source.h says; at least one.
  std::vector<std::string> inputs;
  // The tokenizer.json to write, whole or not at all.
  std::string output;
  // Ids at most, special tokens and the 256 bytes included; fewer where the texts give no more.
  int vocab_size = 12000;
  // Pairs seen less often are never merged.
  int64_t min_frequency = 2;
  // Tell upper and lower case apart no longer.
  bool lowercase = false;
  // Read runs of spaces and tabs as one space.
  bool collapse_spaces = false;
  // Where the inputs hold more, documents are passed over at regular distances, so that about this
  // much is used of all of them.
  int64_t max_bytes = kMostTrainingBytes;
};

struct TokenizerTrainingSummary {
  int64_t documents = 0;    // used
  int64_t bytes = 0;        // of text in them
  int64_t passed_over = 0;  // documents left out for max_bytes
  int vocab_size = 0;       // ids of the result
};

// Trains a byte-level BPE tokenizer: <s> 0, <pad> 1, </s> 2, <unk> 3, <mask> 4, the 256 bytes, then
// what was merged; no space is put before a text, <s> and </s> around it. The same bytes for the
// same texts and options, on any machine, at any number of threads. Takes all cores for a while
// (RAYON_NUM_THREADS says how many) and memory in proportion to the number of different words.
//
// Errors: INVALID_ARGUMENT (an option out of range; no text; faulty lines, as text_source.h says),
// NOT_FOUND and PERMISSION_DENIED (inputs, output), RESOURCE_EXHAUSTED (disk full), INTERNAL.
absl::StatusOr<TokenizerTrainingSummary> TrainTokenizer(const TokenizerTrainingOptions& options);

}  // namespace diffuser::tokenizer

#endif  // DIFFUSER_MODEL_TOKENIZER_TRAINING_H_
