#include "model/windows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::model {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Windows of 10 tokens with one special at each end.
WindowOptions Options(LongDocument long_document, int64_t overlap = 0) {
  return {.prefix = 1,
          .suffix = 1,
          .max_tokens = 10,
          .long_document = long_document,
          .chunk_overlap = overlap};
}

std::vector<Window> Windows(int64_t tokens, const WindowOptions& options) {
  auto plan = PlanWindows(tokens, options);
  return plan.ok() ? plan->windows : std::vector<Window>{};
}

TEST(PlanWindows, LeavesADocumentThatFitsAsItIs) {
  for (const auto mode : {LongDocument::kReject, LongDocument::kHead, LongDocument::kTail,
                          LongDocument::kHeadTail, LongDocument::kChunk}) {
    const auto plan = PlanWindows(10, Options(mode, 2));
    ASSERT_TRUE(plan.ok());
    EXPECT_THAT(plan->windows, ElementsAre(Window{{0, 10}}));
    EXPECT_EQ(plan->used, 10);
    EXPECT_FALSE(plan->shortened);
  }
}

TEST(PlanWindows, RejectsALongDocumentSayingBothLengths) {
  const auto plan = PlanWindows(11, Options(LongDocument::kReject));
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plan.status().message()), AllOf(HasSubstr("11"), HasSubstr("10")));
}

TEST(PlanWindows, KeepsTheHeadBetweenTheSpecials) {
  EXPECT_THAT(Windows(20, Options(LongDocument::kHead)), ElementsAre(Window{{0, 9}, {19, 20}}));
}

TEST(PlanWindows, KeepsTheTailBetweenTheSpecials) {
  EXPECT_THAT(Windows(20, Options(LongDocument::kTail)), ElementsAre(Window{{0, 1}, {11, 20}}));
}

TEST(PlanWindows, JoinsHeadAndTailIntoOneWindow) {
  EXPECT_THAT(Windows(20, Options(LongDocument::kHeadTail)), ElementsAre(Window{{0, 5}, {15, 20}}));
}

TEST(PlanWindows, GivesTheHeadTheOddToken) {
  WindowOptions options = Options(LongDocument::kHeadTail);
  options.suffix = 0;
  EXPECT_THAT(Windows(20, options), ElementsAre(Window{{0, 6}, {16, 20}}));
}

TEST(PlanWindows, CountsWhatIsCutOff) {
  const auto plan = PlanWindows(20, Options(LongDocument::kHeadTail));
  EXPECT_EQ(plan->used, 10);
  EXPECT_TRUE(plan->shortened);
}

TEST(PlanWindows, SplitsIntoEvenChunksThatEachCarryTheSpecials) {
  EXPECT_THAT(Windows(11, Options(LongDocument::kChunk)),
              ElementsAre(Window{{0, 6}, {10, 11}}, Window{{0, 1}, {5, 11}}));
}

TEST(PlanWindows, ReadsAllOfAChunkedDocument) {
  const auto plan = PlanWindows(50, Options(LongDocument::kChunk, 3));
  EXPECT_EQ(plan->used, 50);
  EXPECT_TRUE(plan->shortened);
}

TEST(PlanWindows, ReducesAnOverlapThatLeavesNoRoom) {
  EXPECT_EQ(Windows(12, {.prefix = 4, .suffix = 4, .max_tokens = 10, .chunk_overlap = 4}).size(),
            3u);
}

TEST(PlanWindows, RefusesSpecialsThatLeaveNoRoomForContent) {
  const auto plan = PlanWindows(3, {.prefix = 1, .suffix = 1, .max_tokens = 2});
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
}

// Every chunk's content, as one range; false if it holds anything else.
bool ContentOf(const Window& window, int64_t tokens, TokenRange& content) {
  std::vector<int64_t> held;
  for (const TokenRange& range : window) {
    for (int64_t token = range.begin; token < range.end; ++token) held.push_back(token);
  }
  if (held.front() != 0 || held.back() != tokens - 1 || held.size() > 10) return false;
  content = {held[1], held[held.size() - 2] + 1};
  return content.size() == static_cast<int64_t>(held.size()) - 2;
}

TEST(PlanWindows, ChunksOfAnyDocumentCoverItEvenlyWithAtLeastTheOverlap) {
  for (int64_t tokens = 11; tokens < 120; ++tokens) {
    for (int64_t overlap = 0; overlap < 5; ++overlap) {
      const auto windows = Windows(tokens, Options(LongDocument::kChunk, overlap));
      std::vector<TokenRange> contents(windows.size());
      for (size_t i = 0; i < windows.size(); ++i) {
        ASSERT_TRUE(ContentOf(windows[i], tokens, contents[i]));
        EXPECT_EQ(contents[i].size(), contents[0].size());
        if (i > 0) {
          EXPECT_GT(contents[i].begin, contents[i - 1].begin);
          EXPECT_LE(contents[i].begin, contents[i - 1].end - overlap);
        }
      }
      EXPECT_EQ(contents.front().begin, 1);
      EXPECT_EQ(contents.back().end, tokens - 1);
      // Fewer windows could not cover it.
      const int64_t fewer = static_cast<int64_t>(windows.size()) - 1;
      EXPECT_LT(fewer * 8 - (fewer - 1) * overlap, tokens - 2);
    }
  }
}

TEST(WindowIds, JoinsTheRanges) {
  const std::vector<int32_t> ids = {0, 10, 11, 12, 2};
  EXPECT_THAT(WindowIds(ids, {{0, 2}, {3, 5}}), ElementsAre(0, 10, 12, 2));
}

}  // namespace
}  // namespace diffuser::model
