#include "model/tokenizer/training.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/model/tokenizer/tokenizer_fixture.h"

namespace diffuser::tokenizer {
namespace {

using ::nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Prose of a few hundred different words, some far more frequent than others.
std::string Prose(uint32_t seed, int words) {
  static constexpr std::string_view kSyllables[] = {"Li",  "cen",  "ce", "per",     "mit",   "GPL",
                                                    "ver", "sion", "2",  "\u00e9t", "\u00dc"};
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < words; ++i) {
    for (uint32_t n = random() % 3 + 1; n > 0; --n) text += kSyllables[random() % 11];
    text += random() % 9 == 0 ? ",\n\t " : (random() % 5 == 0 ? "   " : " ");
  }
  return text;
}

class TokenizerTrainingTest : public ::testing::Test {
 protected:
  TokenizerTrainingTest() {
    std::string lines;
    for (uint32_t i = 0; i < 40; ++i) {
      absl::StrAppend(&lines, json({{"text", Prose(i, 200)}}).dump(), "\n");
    }
    folder_.Write("texts.jsonl", lines);
    options_.inputs = {folder_.path("texts.jsonl")};
    options_.output = folder_.path("tokenizer.json");
    options_.vocab_size = 400;
  }

  // Trains with options_; what it wrote as a tokenizer.
  std::unique_ptr<const Tokenizer> Train() {
    const auto summary = TrainTokenizer(options_);
    if (!summary.ok()) {
      ADD_FAILURE() << summary.status();
      return nullptr;
    }
    summary_ = *summary;
    return MustLoad(folder_.path());
  }

  void ExpectInvalid(std::string_view what) const {
    const absl::Status status = TrainTokenizer(options_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(what)));
  }

  TemporaryFolder folder_;
  TokenizerTrainingOptions options_;
  TokenizerTrainingSummary summary_;
};

std::vector<std::string> Tokens(std::string_view text, const Encoding& encoding) {
  std::vector<std::string> tokens;
  for (const ByteRange& range : encoding.offsets) {
    tokens.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return tokens;
}

TEST_F(TokenizerTrainingTest, GivesATokenizerThatLoads) {
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(tokenizer->vocab_size(), 400);
  EXPECT_EQ(summary_.vocab_size, 400);
  EXPECT_EQ(summary_.documents, 40);
  EXPECT_THAT(MustEncode(*tokenizer, "").ids, ElementsAre(0, 2));
  EXPECT_THAT(MustEncode(*tokenizer, "<pad><unk><mask>").ids, ElementsAre(0, 1, 3, 4, 2));
  const std::string text = Prose(7, 100);
  EXPECT_LT(MustEncode(*tokenizer, text).ids.size(), text.size() / 2);
}

TEST_F(TokenizerTrainingTest, EncodesEveryByte) {
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    const std::string text = RandomText(random, 40);
    ExpectRangesCover(text, MustEncode(*tokenizer, text));
  }
}

TEST_F(TokenizerTrainingTest, WritesTheSameBytesAtAnyNumberOfThreads) {
  ASSERT_NE(Train(), nullptr);
  const std::string first = ReadFile(options_.output);
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(Train(), nullptr);
    EXPECT_EQ(ReadFile(options_.output), first);
  }
  ASSERT_EQ(setenv("TOKENIZERS_PARALLELISM", "false", 1), 0);
  ASSERT_NE(Train(), nullptr);
  unsetenv("TOKENIZERS_PARALLELISM");
  EXPECT_EQ(ReadFile(options_.output), first);
}

TEST_F(TokenizerTrainingTest, LowersCaseWhereAsked) {
  options_.lowercase = true;
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(MustEncode(*tokenizer, "LICENCE \u00c9T\u00dc").ids,
            MustEncode(*tokenizer, "licence \u00e9t\u00fc").ids);
}

TEST_F(TokenizerTrainingTest, CollapsesSpacesWhereAsked) {
  options_.collapse_spaces = true;
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(MustEncode(*tokenizer, "\t a \t b\n  c   ").ids,
            MustEncode(*tokenizer, " a b\n c ").ids);
}

// What is shown as evidence is cut from the text as it came.
TEST_F(TokenizerTrainingTest, GivesRangesOfTheTextAsItCame) {
  options_.lowercase = options_.collapse_spaces = true;
  options_.vocab_size = 600;
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  constexpr std::string_view kText = "\t  \u00dc \t  LiCence \t\t\u00c9t\n    GPL  ";
  const Encoding encoding = MustEncode(*tokenizer, kText);
  ExpectRangesCover(kText, encoding);
  std::string joined;
  for (const std::string& token : Tokens(kText, encoding)) {
    EXPECT_EQ(token.find_first_of(" \t"), std::string::npos) << token;
    joined += token;
  }
  EXPECT_THAT(joined, AllOf(HasSubstr("LiCence"), HasSubstr("GPL")));
}

// Also where lower case takes more or fewer bytes than upper case (U+0130, U+212A, U+1E9E).
TEST_F(TokenizerTrainingTest, CoversGeneratedTextsWithAscendingRangesAfterNormalizing) {
  options_.lowercase = options_.collapse_spaces = true;
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  std::mt19937 random(11);
  for (int i = 0; i < 1000 && !HasFailure(); ++i) {
    const std::string text = RandomText(random, 40) + "\u0130 \t\u212a\u1e9e";
    ExpectRangesCover(text, MustEncode(*tokenizer, text));
  }
}

// An added token with a space in it keeps long texts from being cut into pieces.
TEST_F(TokenizerTrainingTest, EncodesALongTextInPiecesAsInOneAfterNormalizing) {
  options_.lowercase = options_.collapse_spaces = true;
  const auto in_pieces = Train();
  ASSERT_NE(in_pieces, nullptr);
  json changed = json::parse(ReadFile(options_.output));
  json spaced = changed["added_tokens"][0];
  spaced["id"] = 400;
  spaced["content"] = "<never here>";
  changed["added_tokens"].push_back(spaced);
  folder_.Write("tokenizer.json", changed.dump());
  const auto whole = MustLoad(folder_.path());
  ASSERT_NE(whole, nullptr);
  std::mt19937 random(17);
  std::string text;
  while (text.size() < 200000) text += "Let  us go \t " + RandomText(random, 200) + Prose(5, 9);
  const Encoding expected = MustEncode(*whole, text);
  const Encoding encoding = MustEncode(*in_pieces, text);
  EXPECT_EQ(encoding.ids, expected.ids);
  EXPECT_EQ(Tokens(text, encoding), Tokens(text, expected));
}

TEST_F(TokenizerTrainingTest, UsesAboutMaxBytesFromAllOverTheTexts) {
  options_.max_bytes = 20000;
  ASSERT_NE(Train(), nullptr);
  EXPECT_LE(summary_.bytes, 20000);
  EXPECT_GT(summary_.bytes, 15000);
  EXPECT_EQ(summary_.documents + summary_.passed_over, 40);
  EXPECT_GT(summary_.passed_over, 10);
}

TEST_F(TokenizerTrainingTest, GivesFewerIdsWhereTheTextsHaveNoMore) {
  folder_.Write("short.txt", "aaab aaab");
  options_.inputs = {folder_.path("short.txt")};
  const auto tokenizer = Train();
  ASSERT_NE(tokenizer, nullptr);
  EXPECT_EQ(summary_.vocab_size, tokenizer->vocab_size());
  EXPECT_LT(summary_.vocab_size, 270);
}

TEST_F(TokenizerTrainingTest, RefusesOptionsOutOfRange) {
  options_.vocab_size = 260;
  ExpectInvalid("261");
  options_.vocab_size = 400;
  options_.max_bytes = kMostTrainingBytes + 1;
  ExpectInvalid("max_bytes");
  options_.max_bytes = 3;
  ExpectInvalid("max_bytes");
  options_ = {};
  ExpectInvalid("no texts");
}

TEST_F(TokenizerTrainingTest, NamesTextsThatAreNoUtf8OrEmpty) {
  folder_.Write("bad.txt", "good \xff");
  options_.inputs = {folder_.path("bad.txt")};
  ExpectInvalid("bad.txt: is not valid UTF-8: byte 5");
  folder_.Write("empty.txt", "");
  options_.inputs = {folder_.path("empty.txt")};
  ExpectInvalid("no text");
}

TEST_F(TokenizerTrainingTest, SaysWhereItCannotWrite) {
  options_.output = folder_.path("absent/tokenizer.json");
  EXPECT_EQ(TrainTokenizer(options_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace diffuser::tokenizer
