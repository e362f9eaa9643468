#include "server/pipeline/sentences.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::pipeline {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Split(std::string_view text) {
  const std::vector<int64_t> begins = FindSentences(text);
  std::vector<std::string> sentences;
  for (size_t i = 0; i < begins.size(); ++i) {
    const size_t end = i + 1 < begins.size() ? begins[i + 1] : text.size();
    sentences.emplace_back(text.substr(begins[i], end - begins[i]));
  }
  return sentences;
}

TEST(FindSentences, EndsAtStopsFollowedByWhiteSpace) {
  EXPECT_THAT(Split("One. Two! Three? Four"), ElementsAre("One. ", "Two! ", "Three? ", "Four"));
}

TEST(FindSentences, KeepsStopsInsideWords) {
  EXPECT_THAT(Split("Version 1.2.3 of a.b is here."), ElementsAre("Version 1.2.3 of a.b is here."));
}

TEST(FindSentences, EndsAtNewlinesAndSkipsEmptyLines) {
  EXPECT_THAT(Split("one\n\n  two\r\nthree\n"), ElementsAre("one\n\n  ", "two\r\n", "three\n"));
}

TEST(FindSentences, TakesClosingQuotesAndBracketsAlong) {
  EXPECT_THAT(Split("He said \"go.\" (It was late.) So\u201d"),
              ElementsAre("He said \"go.\" ", "(It was late.) ", "So\u201d"));
}

TEST(FindSentences, EndsAtFullWidthStopsWithoutWhiteSpace) {
  EXPECT_THAT(Split("一。二！三？四"), ElementsAre("一。", "二！", "三？", "四"));
}

TEST(FindSentences, GivesLeadingWhiteSpaceToTheFirst) {
  EXPECT_THAT(Split("\n \nOne. Two"), ElementsAre("\n \nOne. ", "Two"));
}

TEST(FindSentences, ATextOfWhiteSpaceIsOne) { EXPECT_THAT(Split(" \n "), ElementsAre(" \n ")); }

TEST(FindSentences, PassesOverBytesThatAreNoUtf8) {
  EXPECT_THAT(Split("a\xff\xe3. b\xe3"), ElementsAre("a\xff\xe3. ", "b\xe3"));
}

TEST(TrimWhiteSpace, CutsBothEnds) {
  const auto range = TrimWhiteSpace("x \ty z\n ", {1, 8});
  EXPECT_EQ(range.begin, 3);
  EXPECT_EQ(range.end, 6);
}

TEST(TrimWhiteSpace, LeavesARangeOfNothingElse) {
  const auto range = TrimWhiteSpace("x   y", {1, 4});
  EXPECT_EQ(range.begin, 1);
  EXPECT_EQ(range.end, 4);
}

}  // namespace
}  // namespace diffuser::pipeline
