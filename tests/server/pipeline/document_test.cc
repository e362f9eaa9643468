#include "server/pipeline/document.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_tokenizer.h"

namespace diffuser::pipeline {
namespace {

using ::testing::ElementsAre;
using testing::FakeTokenizer;
using testing::SmallConfig;
using ::testing::StartsWith;

// What an INVALID_ARGUMENT says; empty for any other status.
std::string Complaint(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? std::string(status.message()) : "";
}

TEST(FromText, KeepsTheTextWithItsTokens) {
  const FakeTokenizer tokenizer;
  const auto document = FromText("a b", &tokenizer, SmallConfig());
  ASSERT_TRUE(document.ok());
  EXPECT_THAT(document->ids, ElementsAre(0, tokenizer.WordId("a"), tokenizer.WordId("b"), 2));
  EXPECT_EQ(document->offsets.size(), 4u);
  EXPECT_EQ(document->prefix, 1);
  EXPECT_EQ(document->suffix, 1);
  EXPECT_EQ(document->text, "a b");
}

TEST(FromText, RefusesBadTextsNamingTheField) {
  const FakeTokenizer tokenizer;
  const auto complaint = [&](const std::string& text, const tokenizer::Tokenizer* used) {
    return Complaint(FromText(text, used, SmallConfig()).status());
  };
  EXPECT_THAT(complaint("", &tokenizer), StartsWith("document.text: "));
  EXPECT_THAT(complaint("a\xff", &tokenizer), StartsWith("document.text: no UTF-8"));
  EXPECT_THAT(complaint("a", nullptr), StartsWith("document.text: the model has no tokenizer"));
}

TEST(FromText, RefusesATextWhoseTokenIsThePaddingId) {
  const FakeTokenizer tokenizer;
  auto config = SmallConfig();
  config.pad_token_id = tokenizer.WordId("a");
  EXPECT_THAT(Complaint(FromText("a", &tokenizer, config).status()), StartsWith("document.text: "));
}

TEST(FromTokenIds, TakesTheSpecialsAtTheEndsApart) {
  const auto whole = FromTokenIds({0, 5, 2}, SmallConfig());
  EXPECT_THAT(whole->ids, ElementsAre(0, 5, 2));
  EXPECT_EQ(whole->prefix, 1);
  EXPECT_EQ(whole->suffix, 1);
  const auto bare = FromTokenIds({5, 0, 2, 6}, SmallConfig());
  EXPECT_EQ(bare->prefix, 0);
  EXPECT_EQ(bare->suffix, 0);
}

TEST(FromTokenIds, CountsASingleSpecialOnce) {
  auto config = SmallConfig();
  config.bos_token_id = config.eos_token_id;
  const auto document = FromTokenIds({2}, config);
  EXPECT_EQ(document->prefix + document->suffix, 1);
}

TEST(FromTokenIds, RefusesBadIdsNamingTheFirst) {
  const auto complaint = [](const std::vector<uint32_t>& ids) {
    return Complaint(FromTokenIds(ids, SmallConfig()).status());
  };
  EXPECT_THAT(complaint({}), StartsWith("document.token_ids: "));
  EXPECT_THAT(complaint({0, 5, 6, 1000, 9999}), StartsWith("document.token_ids.ids[3]: 1000 "));
  EXPECT_THAT(complaint({4294967295u}), StartsWith("document.token_ids.ids[0]: 4294967295 "));
  EXPECT_THAT(complaint({0, 1}), StartsWith("document.token_ids.ids[1]: 1 is the padding id"));
}

TEST(ValidateOptions, AcceptsTheDefaults) { EXPECT_TRUE(ValidateOptions({}, SmallConfig()).ok()); }

TEST(ValidateOptions, NamesTheFieldThatIsWrong) {
  const auto complaint = [](auto change) {
    ClassifyOptions options;
    change(options);
    return Complaint(ValidateOptions(options, SmallConfig()));
  };
  EXPECT_THAT(complaint([](auto& options) { options.top_k = -1; }), StartsWith("options.top_k: "));
  EXPECT_THAT(
      complaint([](auto& options) { options.threshold = std::numeric_limits<float>::quiet_NaN(); }),
      StartsWith("options.threshold: "));
  EXPECT_THAT(complaint([](auto& options) { options.max_evidence = 0; }),
              StartsWith("options.max_evidence: "));
  EXPECT_THAT(complaint([](auto& options) { options.chunk_overlap = -1; }),
              StartsWith("options.chunk_overlap: "));
  EXPECT_THAT(complaint([](auto& options) { options.chunk_overlap = 16; }),
              StartsWith("options.chunk_overlap: "));
  EXPECT_EQ(complaint([](auto& options) { options.chunk_overlap = 15; }), "");
}

}  // namespace
}  // namespace diffuser::pipeline
