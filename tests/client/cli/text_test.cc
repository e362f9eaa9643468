#include "client/cli/text.h"

#include <gtest/gtest.h>

namespace diffuser::cli {
namespace {

TEST(FindInvalidUtf8, TakesWhatUnicodeAllows) {
  for (const char* text : {"", "plain", "Zürich", "long — dash", "日本語", "😀", "\xF4\x8F\xBF\xBF",
                           "\xED\x9F\xBF", "\xEE\x80\x80"}) {
    EXPECT_EQ(FindInvalidUtf8(text), std::nullopt) << text;
  }
  EXPECT_EQ(FindInvalidUtf8(absl::string_view("a\0b", 3)), std::nullopt);
}

TEST(FindInvalidUtf8, NamesTheFirstBadByte) {
  EXPECT_EQ(FindInvalidUtf8("ab\xFF"), 2u);
  EXPECT_EQ(FindInvalidUtf8("\x80"), 0u) << "a continuation alone";
  EXPECT_EQ(FindInvalidUtf8("a\xC3"), 1u) << "cut short";
  EXPECT_EQ(FindInvalidUtf8("a\xE2\x82"), 1u) << "cut short";
  EXPECT_EQ(FindInvalidUtf8("\xE2\x28\xA1"), 0u) << "no continuation";
  EXPECT_EQ(FindInvalidUtf8("\xC0\xAF"), 0u) << "overlong";
  EXPECT_EQ(FindInvalidUtf8("\xE0\x80\xAF"), 0u) << "overlong";
  EXPECT_EQ(FindInvalidUtf8("\xF0\x80\x80\xAF"), 0u) << "overlong";
  EXPECT_EQ(FindInvalidUtf8("\xED\xA0\x80"), 0u) << "a surrogate";
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0u) << "above U+10FFFF";
}

TEST(Printable, LetsNoDocumentSteerTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mred\a"), "a [31mred ");
  EXPECT_EQ(Printable("line\r\n\tnext"), "line next");
  EXPECT_EQ(Printable("c1\xC2\x9B\x33m"), "c1 3m");
  EXPECT_EQ(Printable("right\xE2\x80\xAEleft"), "right left");
  EXPECT_EQ(Printable("bad\xFF\xFEzzz"), "bad??zzz");
  EXPECT_EQ(Printable("Zürich 日本"), "Zürich 日本");
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("Zürich"), 6u);
}

TEST(FirstAndLastCharacters, NeverCutACodePoint) {
  EXPECT_EQ(FirstCharacters("Zürich", 2), "Zü");
  EXPECT_EQ(FirstCharacters("Zürich", 0), "");
  EXPECT_EQ(FirstCharacters("Zürich", 99), "Zürich");
  EXPECT_EQ(LastCharacters("Zürich", 5), "ürich");
  EXPECT_EQ(LastCharacters("Zürich", 0), "");
  EXPECT_EQ(LastCharacters("Zürich", 99), "Zürich");
}

}  // namespace
}  // namespace diffuser::cli
