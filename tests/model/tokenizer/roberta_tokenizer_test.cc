// RoBERTa's own tokenizer against the ids that it must give. Its file is too big for the source
// tree: it is looked for at DIFFUSER_ROBERTA_TOKENIZER, else in the folder `shared` beside the
// project.

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/model/tokenizer/tokenizer_fixture.h"

namespace diffuser::tokenizer {
namespace {

struct GoldenText {
  std::string text;
  std::vector<int32_t> ids;
};

std::filesystem::path GoldenFolder() {
  const char* named = std::getenv("DIFFUSER_ROBERTA_TOKENIZER");
  if (named != nullptr) return named;
  return std::filesystem::path(DIFFUSER_ROOT) / "../shared/golden/roberta-tokenizer";
}

class RobertaTokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = GoldenFolder();
    if (!std::filesystem::exists(folder / "expected.json")) {
      GTEST_SKIP() << "RoBERTa's tokenizer is not at " << folder
                   << "; name the folder that holds its "
                   << "tokenizer.json and expected.json with DIFFUSER_ROBERTA_TOKENIZER";
    }
    tokenizer_ = MustLoad(folder);
    ASSERT_NE(tokenizer_, nullptr);
    for (const auto& entry : nlohmann::json::parse(ReadFile(folder / "expected.json"))) {
      golden_.push_back({entry.at("text"), entry.at("ids")});
    }
    ASSERT_FALSE(golden_.empty());
  }

  std::unique_ptr<const Tokenizer> tokenizer_;
  std::vector<GoldenText> golden_;
};

TEST_F(RobertaTokenizerTest, GivesTheGoldenIds) {
  EXPECT_EQ(tokenizer_->vocab_size(), 50265);
  for (const GoldenText& golden : golden_) {
    const Encoding encoding = MustEncode(*tokenizer_, golden.text);
    EXPECT_EQ(encoding.ids, golden.ids) << golden.text;
    EXPECT_EQ(encoding.prefix, 1);
    EXPECT_EQ(encoding.suffix, 1);
    ExpectRangesCover(golden.text, encoding);
  }
}

TEST_F(RobertaTokenizerTest, GivesTheGoldenIdsFromVocabAndMerges) {
  const TemporaryFolder folder;
  WriteVocabAndMerges(ReadFile(GoldenFolder() / "tokenizer.json"), folder);
  const auto pair = MustLoad(folder.path());
  ASSERT_NE(pair, nullptr);
  EXPECT_EQ(pair->vocab_size(), 50265);
  for (const GoldenText& golden : golden_) {
    const Encoding encoding = MustEncode(*pair, golden.text);
    EXPECT_EQ(encoding.ids, golden.ids) << golden.text;
    ExpectRangesCover(golden.text, encoding);
  }
}

TEST_F(RobertaTokenizerTest, CoversGeneratedTextsWithAscendingRanges) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000 && !HasFailure(); ++i) {
    const std::string text = RandomText(random, 40);
    ExpectRangesCover(text, MustEncode(*tokenizer_, text));
  }
}

TEST_F(RobertaTokenizerTest, GivesTheGoldenIdsOnManyThreadsAtOnce) {
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 10 * golden_.size(); ++i) {
        const GoldenText& golden = golden_[(i + t) % golden_.size()];
        const auto encoding = tokenizer_->Encode(golden.text);
        if (!encoding.ok() || encoding->ids != golden.ids) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ::testing::Each(0));
}

}  // namespace
}  // namespace diffuser::tokenizer
