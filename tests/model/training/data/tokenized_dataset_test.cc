#include "model/training/data/tokenized_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/testing/fake_tokenizer.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using testing::FakeTokenizer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Reads six tokens: four words between <s> and </s>.
model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.vocab_size = 1000;
  config.max_position_embeddings = 8;
  config.pad_token_id = 1;
  return config;
}

ExampleFile FileOf(const std::vector<std::string>& texts) {
  ExampleFile file;
  file.path = "train.jsonl";
  for (const std::string& text : texts) {
    const int64_t line = static_cast<int64_t>(file.examples.size()) + 1;
    file.examples.push_back({text, {line % 2 == 0 ? "even" : "odd"}, file.path, line});
  }
  return file;
}

absl::StatusOr<TokenizedDataset> Make(const ExampleFile& file,
                                      LongDocuments policy = LongDocuments::kFail,
                                      const model::ModelConfig& config = SmallConfig()) {
  const LabelSet labels({"even", "odd"});
  return TokenizedDataset::Make(file, FakeTokenizer(), labels, config,
                                {.threads = 3, .long_documents = policy});
}

std::vector<int32_t> IdsOf(const std::vector<std::string>& words) {
  std::vector<int32_t> ids = {0};
  for (const std::string& word : words) ids.push_back(FakeTokenizer().WordId(word));
  ids.push_back(2);
  return ids;
}

std::vector<int32_t> Row(const TokenizedDataset& set, int64_t row) {
  return {set.ids(row).begin(), set.ids(row).end()};
}

TEST(TokenizedDataset, HoldsIdsAndLabelIndicesInOrder) {
  const auto set = Make(FileOf({"a b", "c"}));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(Row(*set, 0), IdsOf({"a", "b"}));
  EXPECT_EQ(Row(*set, 1), IdsOf({"c"}));
  EXPECT_THAT(set->labels(0), ElementsAre(1));
  EXPECT_THAT(set->labels(1), ElementsAre(0));
  EXPECT_EQ(set->tokens(), 7);
  EXPECT_EQ(set->longest(), 4);
  EXPECT_THAT(set->lengths(), ElementsAre(4, 3));
  EXPECT_EQ(set->long_documents(), 0);
}

TEST(TokenizedDataset, KeepsTheOrderOfManyDocumentsOverThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 700; ++i) texts.push_back(absl::StrCat("w", i));
  const auto set = Make(FileOf(texts));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 700);
  for (int i = 0; i < 700; ++i) {
    EXPECT_EQ(Row(*set, i), IdsOf({texts[i]}));
    EXPECT_EQ(set->example(i), i);
  }
}

TEST(TokenizedDataset, SortsTheLabelsOfADocumentAndTakesNone) {
  ExampleFile file = FileOf({"a", "b"});
  file.multi_label = true;
  file.examples[0].labels = {"odd", "even"};
  file.examples[1].labels = {};
  const auto set = Make(file);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->labels(0), ElementsAre(0, 1));
  EXPECT_THAT(set->labels(1), IsEmpty());
}

TEST(TokenizedDataset, CountsDocumentsThatAreTooLong) {
  const auto set = Make(FileOf({"a b c d", "a b c d e", "a", "a b c d e f g"}));
  EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(set.status().message(),
            "train.jsonl: 2 of 4 documents are longer than the 6 tokens of the config; the longest "
            "has 9, the first is train.jsonl:2 (--long_documents says what to do with them)");
}

TEST(TokenizedDataset, KeepsTheHeadOfALongDocument) {
  const auto set = Make(FileOf({"a b c d e", "a"}), LongDocuments::kHead);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(Row(*set, 0), IdsOf({"a", "b", "c", "d"}));
  EXPECT_EQ(set->size(), 2);
  EXPECT_EQ(set->long_documents(), 1);
}

TEST(TokenizedDataset, CutsALongDocumentIntoTheServersWindows) {
  const auto set = Make(FileOf({"x", "a b c d e", "y"}), LongDocuments::kChunk);
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 4);
  EXPECT_EQ(Row(*set, 1), IdsOf({"a", "b", "c"}));
  EXPECT_EQ(Row(*set, 2), IdsOf({"c", "d", "e"}));
  EXPECT_EQ(set->example(1), 1);
  EXPECT_EQ(set->example(2), 1);
  EXPECT_EQ(set->example(3), 2);
  EXPECT_THAT(set->labels(2), ElementsAre(0));
}

TEST(TokenizedDataset, DropsLongDocuments) {
  const auto set = Make(FileOf({"a b c d e", "a"}), LongDocuments::kDrop);
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->size(), 1);
  EXPECT_EQ(set->example(0), 1);
  EXPECT_EQ(set->long_documents(), 1);
  EXPECT_THAT(std::string(Make(FileOf({"a b c d e"}), LongDocuments::kDrop).status().message()),
              HasSubstr("each of the 1 documents is longer"));
}

TEST(TokenizedDataset, RefusesIdsThatDoNotFitTheConfig) {
  model::ModelConfig small = SmallConfig();
  small.vocab_size = 3;
  EXPECT_THAT(std::string(Make(FileOf({"a"}), LongDocuments::kFail, small).status().message()),
              HasSubstr("train.jsonl:1: token 1 is "));
  model::ModelConfig other_pad = SmallConfig();
  other_pad.pad_token_id = 2;
  other_pad.max_position_embeddings = 9;
  EXPECT_EQ(Make(FileOf({"a"}), LongDocuments::kFail, other_pad).status().message(),
            "train.jsonl:1: token 2 is 2, the padding of the config");
}

TEST(TokenizedDataset, RefusesLabelsThatAreNone) {
  ExampleFile file = FileOf({"a"});
  file.examples[0].labels = {"strange"};
  EXPECT_EQ(Make(file).status().message(),
            "train.jsonl:1: the model does not know the label \"strange\"");
}

TEST(TokenizedDataset, SaysWhichTextTheTokenizerRefuses) {
  EXPECT_EQ(Make(FileOf({"a", "\xff"})).status().message(), "train.jsonl:2: no UTF-8 at byte 0");
}

TEST(TokenizedDataset, TakesIdsAsTheyAre) {
  const TokenizedDataset set = TokenizedDataset::FromIds({{5, 6}, {7}}, {{1}, {0, 2}});
  ASSERT_EQ(set.size(), 2);
  EXPECT_THAT(set.ids(0), ElementsAre(5, 6));
  EXPECT_THAT(set.labels(1), ElementsAre(0, 2));
  EXPECT_EQ(set.example(1), 1);
}

}  // namespace
}  // namespace diffuser::training
