#include "model/tokenizer/tokenizer.h"

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/tokenizer/tokenizer_fixture.h"

namespace diffuser::tokenizer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Pieces(std::string_view text, const Encoding& encoding) {
  std::vector<std::string> pieces;
  for (size_t i = encoding.prefix; i + encoding.suffix < encoding.ids.size(); ++i) {
    const ByteRange range = encoding.offsets[i];
    pieces.emplace_back(text.substr(range.begin, range.end - range.begin));
  }
  return pieces;
}

class TokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(tokenizer_, nullptr); }

  const std::unique_ptr<const Tokenizer> tokenizer_ = MustLoad(kSmallTokenizer);
};

TEST_F(TokenizerTest, KnowsItsVocabularySize) { EXPECT_EQ(tokenizer_->vocab_size(), 500); }

TEST_F(TokenizerTest, PutsSpecialTokensAroundAnEmptyText) {
  const Encoding encoding = MustEncode(*tokenizer_, "");
  EXPECT_THAT(encoding.ids, ElementsAre(0, 2));
  EXPECT_EQ(encoding.prefix, 1);
  EXPECT_EQ(encoding.suffix, 1);
}

TEST_F(TokenizerTest, TakesAnEmptyViewWithoutData) {
  EXPECT_THAT(MustEncode(*tokenizer_, std::string_view()).ids, ElementsAre(0, 2));
}

TEST_F(TokenizerTest, SplitsWordsWithTheirRanges) {
  constexpr std::string_view kText = "the label is  in service";
  const Encoding encoding = MustEncode(*tokenizer_, kText);
  EXPECT_THAT(Pieces(kText, encoding), ElementsAre("the", "label", "is", "", "in", "service"));
}

TEST_F(TokenizerTest, DoesNotCountSpecialTokensOfTheTextAsAdded) {
  const Encoding encoding = MustEncode(*tokenizer_, "<s></s>");
  EXPECT_THAT(encoding.ids, ElementsAre(0, 0, 2, 2));
  EXPECT_EQ(encoding.prefix, 1);
  EXPECT_EQ(encoding.suffix, 1);
  EXPECT_THAT(Pieces("<s></s>", encoding), ElementsAre("<s>", "</s>"));
}

TEST_F(TokenizerTest, GivesEveryPieceOfACharacterItsWholeRange) {
  constexpr std::string_view kText = "x📦y";
  const Encoding encoding = MustEncode(*tokenizer_, kText);
  for (const std::string& piece : Pieces(kText, encoding)) {
    EXPECT_TRUE(piece == "x" || piece == "📦" || piece == "y") << piece;
  }
  ExpectRangesCover(kText, encoding);
}

TEST_F(TokenizerTest, KeepsRangesOnCharactersWhereWideSpacesAreTrimmed) {
  constexpr std::string_view kText = "a\u3000<mask>";
  const Encoding encoding = MustEncode(*tokenizer_, kText);
  EXPECT_THAT(Pieces(kText, encoding), ElementsAre("a", "<mask>"));
}

TEST_F(TokenizerTest, CoversGeneratedTextsWithAscendingRanges) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000 && !HasFailure(); ++i) {
    const std::string text = RandomText(random, 40);
    const Encoding encoding = MustEncode(*tokenizer_, text);
    ExpectRangesCover(text, encoding);
    for (int32_t id : encoding.ids) {
      EXPECT_GE(id, 0);
      EXPECT_LT(id, tokenizer_->vocab_size());
    }
  }
}

TEST_F(TokenizerTest, EncodesTheDemoDocumentsWithFewerTokensThanBytes) {
  for (const char* name : {"incident-report", "licence-agreement", "product-note"}) {
    const std::string text =
        ReadFile(absl::StrCat(DIFFUSER_ROOT "/tests/data/documents/", name, ".txt"));
    const Encoding encoding = MustEncode(*tokenizer_, text);
    EXPECT_GT(text.size(), 500u) << name;
    EXPECT_LT(encoding.ids.size(), text.size() / 2) << name;
    ExpectRangesCover(text, encoding);
  }
}

TEST_F(TokenizerTest, NeverCutsALongText) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += " parcel";
  const Encoding encoding = MustEncode(*tokenizer_, text);
  const size_t one = MustEncode(*tokenizer_, " parcel").ids.size() - 2;
  EXPECT_EQ(encoding.ids.size(), 20000 * one + 2);
  EXPECT_EQ(encoding.offsets[encoding.ids.size() - 2].end, static_cast<int64_t>(text.size()));
}

TEST_F(TokenizerTest, EncodesOneLongWord) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += static_cast<char>('a' + i * 7 % 26);
  const Encoding encoding = MustEncode(*tokenizer_, text);
  ExpectRangesCover(text, encoding);
}

TEST_F(TokenizerTest, TakesZeroBytesAsText) {
  constexpr std::string_view kText("a\0b", 3);
  const Encoding encoding = MustEncode(*tokenizer_, kText);
  EXPECT_EQ(encoding.ids.size(), 5u);
  ExpectRangesCover(kText, encoding);
}

TEST_F(TokenizerTest, NamesTheFirstByteThatIsNoUtf8) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"\x80", 0},                // a continuation that continues nothing
      {"ok \xBF", 3},             //
      {"caf\xE9 au lait", 3},     // Latin-1
      {"\xC3", 0},                // cut after one byte of two
      {"é\xE2\x82", 2},           // two of three
      {"日\xF0\x9F\x93", 3},      // three of four
      {"a\xC3(", 1},              // a start that is not continued
      {"a\xE2\x28\xA1", 1},       //
      {"\xC0\x80", 0},            // overlong
      {"\xC1\xBF", 0},            //
      {"a\xE0\x80\x80", 1},       //
      {"a\xF0\x80\x80\x80", 1},   //
      {"ab\xED\xA0\x80", 2},      // a surrogate
      {"ab\xF4\x90\x80\x80", 2},  // past U+10FFFF
      {"\xF5\x80\x80\x80", 0},    // bytes that UTF-8 never uses
      {std::string(1000, 'x') + "\xFE", 1000},
      {"\xFF\xFE"
       "a",
       0},  // UTF-16's mark
  };
  for (const auto& [text, at] : cases) {
    const absl::Status status = tokenizer_->Encode(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << at;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("UTF-8: byte ", at, " ")));
  }
}

TEST_F(TokenizerTest, TakesTheEdgesOfUtf8) {
  for (std::string_view text :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    ExpectRangesCover(text, MustEncode(*tokenizer_, text));
  }
}

TEST_F(TokenizerTest, GivesTheSameAnswersOnManyThreadsAtOnce) {
  std::mt19937 random(11);
  std::vector<std::string> texts;
  std::vector<std::vector<int32_t>> expected;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(RandomText(random, 60));
    expected.push_back(MustEncode(*tokenizer_, texts.back()).ids);
  }
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < texts.size(); ++i) {
        const size_t text = (i + t * 25) % texts.size();
        const auto encoding = tokenizer_->Encode(texts[text]);
        if (!encoding.ok() || encoding->ids != expected[text]) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST_F(TokenizerTest, ReportsEachThreadsOwnError) {
  const std::string bad_here = "abc\xFF";
  const absl::Status here = tokenizer_->Encode(bad_here).status();
  absl::Status there;
  std::thread([&] { there = tokenizer_->Encode("\xFF").status(); }).join();
  EXPECT_THAT(std::string(here.message()), HasSubstr("byte 3 "));
  EXPECT_THAT(std::string(there.message()), HasSubstr("byte 0 "));
  EXPECT_EQ(tokenizer_->Encode(bad_here).status(), here);
}

}  // namespace
}  // namespace diffuser::tokenizer
