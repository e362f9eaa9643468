#ifndef DIFFUSER_TESTS_MODEL_TOKENIZER_TOKENIZER_FIXTURE_H_
#define DIFFUSER_TESTS_MODEL_TOKENIZER_TOKENIZER_FIXTURE_H_

#include <random>
#include <string>
#include <string_view>

#include "model/tokenizer/tokenizer.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::tokenizer {

// The small byte-level BPE that comes with the source.
inline constexpr char kSmallTokenizer[] = DIFFUSER_ROOT "/tests/data/checkpoints/golden-long";

using testing::ReadFile;
using testing::TemporaryFolder;

// Writes vocab.json and merges.txt as a tokenizer.json's BPE model has them.
void WriteVocabAndMerges(const std::string& tokenizer_json, const TemporaryFolder& to);

// The tokenizer of a folder that must load.
std::unique_ptr<const Tokenizer> MustLoad(const std::string& dir);

// The encoding of a text that must have one.
Encoding MustEncode(const Tokenizer& tokenizer, std::string_view text);

// A valid text of up to `pieces` pieces: words, spaces of all widths, scripts, combining marks,
// emoji, control characters and the names of special tokens.
std::string RandomText(std::mt19937& random, int pieces);

// Expects what Encoding promises of its ranges, and that they cover all of the text but white
// space.
void ExpectRangesCover(std::string_view text, const Encoding& encoding);

}  // namespace diffuser::tokenizer

#endif  // DIFFUSER_TESTS_MODEL_TOKENIZER_TOKENIZER_FIXTURE_H_
