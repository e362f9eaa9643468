// What Tokenizer::Load makes of the files of a checkpoint, good and bad.

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
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

std::string SmallJson() {
  return ReadFile(std::filesystem::path(kSmallTokenizer) / "tokenizer.json");
}

// Loads a folder that holds only this tokenizer.json.
absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadJson(std::string_view content) {
  const TemporaryFolder folder;
  folder.Write("tokenizer.json", content);
  return Tokenizer::Load(folder.path());
}

void ExpectInvalid(const absl::Status& status, std::string_view file, std::string_view what) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(std::string(file)), HasSubstr(std::string(what))));
}

// The ids that a changed copy of the small tokenizer gives.
std::vector<int32_t> IdsOf(const json& changed, std::string_view text) {
  const auto tokenizer = LoadJson(changed.dump());
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return tokenizer.ok() ? MustEncode(**tokenizer, text).ids : std::vector<int32_t>();
}

constexpr std::string_view kText = "Parcels reached the sorting belts later than planned.";

TEST(TokenizerFiles, SaysWhenThereIsNoTokenizer) {
  const TemporaryFolder empty;
  for (const std::string& dir : {empty.path(), empty.path() + "/absent"}) {
    const absl::Status status = Tokenizer::Load(dir).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()), HasSubstr(dir));
  }
}

TEST(TokenizerFiles, RefusesAMalformedTokenizerJson) {
  const std::string whole = SmallJson();
  json no_model = json::parse(whole);
  no_model.erase("model");
  json strange_model = json::parse(whole);
  strange_model["model"]["type"] = "Oracle";
  const std::string deep(100000, '[');
  for (const std::string& content :
       {std::string(), std::string("not json"), std::string("{}"), std::string("[1, 2]"), deep,
        whole.substr(0, whole.size() / 2), std::string("\xFF\xFE\x00", 3), no_model.dump(),
        strange_model.dump()}) {
    ExpectInvalid(LoadJson(content).status(), "tokenizer.json", ": ");
  }
}

TEST(TokenizerFiles, NamesAMergeThatTheVocabularyLacks) {
  json changed = json::parse(SmallJson());
  changed["model"]["merges"].push_back({"zzzz", "qqqq"});
  ExpectInvalid(LoadJson(changed.dump()).status(), "tokenizer.json", "zzzz");
}

TEST(TokenizerFiles, RefusesIdsThatNoModelCanHave) {
  json changed = json::parse(SmallJson());
  changed["model"]["vocab"]["never"] = 4000000000u;
  ExpectInvalid(LoadJson(changed.dump()).status(), "tokenizer.json", "4000000000");
}

TEST(TokenizerFiles, TurnsAPanicOfTheLibraryIntoAnError) {
  json changed = json::parse(SmallJson());
  changed["model"]["continuing_subword_prefix"] = "a prefix longer than any token";
  ExpectInvalid(LoadJson(changed.dump()).status(), "tokenizer.json", "panicked at model.rs:");
}

TEST(TokenizerFiles, RefusesAFolderInPlaceOfTheFile) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() + "/tokenizer.json");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "tokenizer.json", "directory");
}

TEST(TokenizerFiles, SwitchesTruncationOff) {
  json changed = json::parse(SmallJson());
  const auto expected = IdsOf(changed, kText);
  changed["truncation"] = {
      {"direction", "Right"}, {"max_length", 4}, {"strategy", "LongestFirst"}, {"stride", 0}};
  EXPECT_EQ(IdsOf(changed, kText), expected);
}

TEST(TokenizerFiles, SwitchesPaddingOff) {
  json changed = json::parse(SmallJson());
  changed["padding"] = {{"strategy", {{"Fixed", 64}}},
                        {"direction", "Right"},
                        {"pad_to_multiple_of", nullptr},
                        {"pad_id", 1},
                        {"pad_type_id", 0},
                        {"pad_token", "<pad>"}};
  EXPECT_THAT(IdsOf(changed, ""), ElementsAre(0, 2));
}

TEST(TokenizerFiles, SwitchesDropoutOff) {
  json changed = json::parse(SmallJson());
  const auto expected = IdsOf(changed, kText);
  changed["model"]["dropout"] = 0.9;
  EXPECT_EQ(IdsOf(changed, kText), expected);
}

TEST(TokenizerFiles, CountsTheSpecialTokensThatThePostProcessorAdds) {
  json changed = json::parse(SmallJson());
  const auto special = [](const char* id) {
    return json{{"SpecialToken", {{"id", id}, {"type_id", 0}}}};
  };
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const json pair = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  changed["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {special("<s>"), special("<unk>"), text, special("</s>")}},
      {"pair", {text, pair}},
      {"special_tokens",
       {{"<s>", {{"id", "<s>"}, {"ids", {0}}, {"tokens", {"<s>"}}}},
        {"<unk>", {{"id", "<unk>"}, {"ids", {700}}, {"tokens", {"<unk>"}}}},
        {"</s>", {{"id", "</s>"}, {"ids", {2}}, {"tokens", {"</s>"}}}}}}};
  const auto tokenizer = LoadJson(changed.dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const Encoding encoding = MustEncode(**tokenizer, "");
  EXPECT_THAT(encoding.ids, ElementsAre(0, 700, 2));
  EXPECT_EQ(encoding.prefix, 2);
  EXPECT_EQ(encoding.suffix, 1);
  EXPECT_EQ((*tokenizer)->vocab_size(), 701);
}

TEST(TokenizerFiles, AddsNothingWithoutAPostProcessor) {
  json changed = json::parse(SmallJson());
  changed["post_processor"] = nullptr;
  const auto tokenizer = LoadJson(changed.dump());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  const Encoding encoding = MustEncode(**tokenizer, kText);
  EXPECT_EQ(encoding.prefix, 0);
  EXPECT_EQ(encoding.suffix, 0);
  ExpectRangesCover(kText, encoding);
}

// An added token with a space in it keeps long texts from being cut into pieces, and does nothing
// else to a text that does not hold it.
TEST(TokenizerFiles, EncodesALongTextInPiecesAsInOne) {
  json changed = json::parse(SmallJson());
  json spaced = changed["added_tokens"][0];
  spaced["id"] = 500;
  spaced["content"] = "<never here>";
  changed["added_tokens"].push_back(spaced);
  const auto whole = LoadJson(changed.dump());
  ASSERT_TRUE(whole.ok()) << whole.status();
  const auto in_pieces = MustLoad(kSmallTokenizer);
  ASSERT_NE(in_pieces, nullptr);

  std::mt19937 random(13);
  for (int i = 0; i < 3; ++i) {
    std::string text;
    while (text.size() < 200000) text += "let us go " + RandomText(random, 200);
    const Encoding expected = MustEncode(**whole, text);
    const Encoding encoding = MustEncode(*in_pieces, text);
    ASSERT_EQ(encoding.ids, expected.ids);
    const auto equal = [](ByteRange a, ByteRange b) {
      return a.begin == b.begin && a.end == b.end;
    };
    EXPECT_TRUE(std::equal(encoding.offsets.begin(), encoding.offsets.end(),
                           expected.offsets.begin(), expected.offsets.end(), equal));
    ExpectRangesCover(text, encoding);
  }
}

TEST(TokenizerFiles, ReadsVocabAndMergesAsTheSameTokenizer) {
  const TemporaryFolder folder;
  WriteVocabAndMerges(SmallJson(), folder);
  const auto pair = MustLoad(folder.path());
  const auto whole = MustLoad(kSmallTokenizer);
  ASSERT_TRUE(pair != nullptr && whole != nullptr);
  EXPECT_EQ(pair->vocab_size(), whole->vocab_size());
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const std::string text = RandomText(random, 40);
    const Encoding encoding = MustEncode(*pair, text);
    EXPECT_EQ(encoding.ids, MustEncode(*whole, text).ids) << text;
    ExpectRangesCover(text, encoding);
  }
}

TEST(TokenizerFiles, SaysWhichOfVocabAndMergesIsMissing) {
  const TemporaryFolder folder;
  WriteVocabAndMerges(SmallJson(), folder);
  std::filesystem::remove(folder.path() + "/merges.txt");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "merges.txt", "No such file");

  WriteVocabAndMerges(SmallJson(), folder);
  std::filesystem::remove(folder.path() + "/vocab.json");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "vocab.json", "No such file");
}

TEST(TokenizerFiles, RefusesBadMerges) {
  const TemporaryFolder folder;
  WriteVocabAndMerges(SmallJson(), folder);
  folder.Write("merges.txt", "#version: 0.2\nt h\nt h e\n");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "merges.txt", "line 3");
  folder.Write("merges.txt", "t zzzz\n");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "merges.txt", "zzzz");
  folder.Write("merges.txt", "t h\n\xFF h\n");
  ExpectInvalid(Tokenizer::Load(folder.path()).status(), "merges.txt", "utf-8");
}

TEST(TokenizerFiles, RefusesABadVocabulary) {
  const TemporaryFolder folder;
  folder.Write("merges.txt", "");
  const auto expect = [&](std::string_view vocab, std::string_view what) {
    folder.Write("vocab.json", vocab);
    ExpectInvalid(Tokenizer::Load(folder.path()).status(), "vocab.json", what);
  };
  expect("", "EOF");
  expect("[]", "invalid type");
  expect(R"({"<s>": 0, "</s>": -2})", "integer `-2`");
  expect(R"({"<s>": 0, "</s>": 4294967296})", "integer `4294967296`");
  expect(R"({"<s>": 0, "a": 1})", "there is no </s>");
  expect(R"({"</s>": 0, "a": 1})", "there is no <s>");
}

}  // namespace
}  // namespace diffuser::tokenizer
