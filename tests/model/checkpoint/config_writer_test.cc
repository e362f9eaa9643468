#include "model/checkpoint/config_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/checkpoint/config.h"
#include "tests/model/checkpoint/small_config.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::ModelConfig;
using model::ProblemType;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What is written on the base of another config; null where that fails.
json Written(const ModelConfig& config, const json& base = json::object()) {
  const auto text = ConfigJson(config, base.dump());
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? json::parse(*text) : json();
}

TEST(ConfigWriter, KeepsKeysThatItDoesNotKnow) {
  const json written = Written(SmallConfig(), {{"hidden_dropout_prob", 0.25}, {"note", {1, 2}}});
  EXPECT_EQ(written["hidden_dropout_prob"], 0.25);
  EXPECT_EQ(written["note"], json({1, 2}));
}

TEST(ConfigWriter, ReplacesWhatTheBaseSaysOfTheModel) {
  const json base = {{"model_type", "roberta"},   {"architectures", {"RobertaForMaskedLM"}},
                     {"vocab_size", 7},           {"attention_window", 512},
                     {"num_labels", 9},           {"id2label", {{"0", "old"}}},
                     {"label_thresholds", {0.1}}, {"problem_type", "regression"}};
  const json written = Written(SmallConfig(), base);
  EXPECT_EQ(written["model_type"], "diffuser");
  EXPECT_EQ(written["architectures"], json({"DiffuserForSequenceClassification"}));
  EXPECT_EQ(written["vocab_size"], 30);
  EXPECT_EQ(written["attention_window"], json({4, 4}));
  EXPECT_EQ(written["id2label"], json({{"0", "a"}, {"1", "b"}, {"2", "c"}}));
  EXPECT_EQ(written["label2id"], json({{"a", 0}, {"b", 1}, {"c", 2}}));
  EXPECT_EQ(written["problem_type"], "single_label_classification");
  EXPECT_FALSE(written.contains("num_labels"));
  EXPECT_FALSE(written.contains("label_thresholds"));
}

TEST(ConfigWriter, WritesThresholdsByLabelName) {
  ModelConfig config = SmallConfig();
  config.problem_type = ProblemType::kMultiLabel;
  config.label_thresholds = {0.1f, 0.5f, 0.9f};
  const json written = Written(config);
  EXPECT_EQ(written["label_thresholds"], json({{"a", 0.1}, {"b", 0.5}, {"c", 0.9}}));
  const auto read = ParseConfig(written.dump(), "written");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->label_thresholds, ElementsAre(0.1f, 0.5f, 0.9f));
}

TEST(ConfigWriter, KeepsLabelsInTheOrderOfTheirIds) {
  ModelConfig config = SmallConfig();
  config.labels.clear();
  for (char name = 'z'; name >= 'a'; --name) config.labels.push_back(std::string(1, name));
  const auto text = ConfigJson(config);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_LT(text->find("\"2\": \"x\""), text->find("\"10\": \"p\""));
  const auto read = ParseConfig(*text, "written");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->labels, config.labels);
}

TEST(ConfigWriter, GivesAMaskedLanguageModelNoLabels) {
  ModelConfig config = SmallConfig();
  config.head = HeadKind::kMaskedLm;
  const json written = Written(config, {{"id2label", {{"0", "old"}}}});
  EXPECT_FALSE(written.contains("id2label"));
  EXPECT_EQ(ParseConfig(written.dump(), "written")->head, HeadKind::kMaskedLm);
}

TEST(ConfigWriter, WritesNumbersInTheirShortestForm) {
  const json written = Written(SmallConfig());
  EXPECT_EQ(written["diffusion_alpha"].dump(), "0.1");
  EXPECT_EQ(written["layer_norm_eps"].dump(), "1e-05");
}

TEST(ConfigWriter, RefusesWhatIsNoJsonObjectOrNoUtf8) {
  const absl::Status list = ConfigJson(SmallConfig(), "[1]", "old.json").status();
  EXPECT_EQ(list.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(list.message()), HasSubstr("old.json"));
  ModelConfig config = SmallConfig();
  config.labels = {"a", "\xff", "c"};
  EXPECT_EQ(ConfigJson(config).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace diffuser::checkpoint
