#include "model/checkpoint/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/testing/checkpoint_writer.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::HiddenAct;
using model::ModelConfig;
using model::ProblemType;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The keys that have no default.
json Needed() {
  return {{"vocab_size", 100},
          {"hidden_size", 8},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 2},
          {"num_rand", 3},
          {"num_glob", 4},
          {"intermediate_size", 16},
          {"attention_window", {4, 8}},
          {"max_position_embeddings", 66}};
}

// The needed keys with some changed or added.
json With(const json& changes) {
  json config = Needed();
  config.update(changes);
  return config;
}

ModelConfig Parse(const json& object) {
  const auto config = ParseConfig(object.dump(), "config.json");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(ModelConfig());
}

std::string ErrorOfText(const std::string& text) {
  const auto config = ParseConfig(text, "dir/config.json");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << text;
  const std::string message(config.status().message());
  EXPECT_THAT(message, ::testing::StartsWith("dir/config.json: "));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  return message;
}

std::string ErrorOf(const json& object) { return ErrorOfText(object.dump()); }

TEST(Config, ReadsTheGoldenConfigs) {
  const auto tiny = ReadConfig(DIFFUSER_GOLDEN "/tiny/config.json");
  ASSERT_TRUE(tiny.ok()) << tiny.status();
  EXPECT_EQ(tiny->vocab_size, 600);
  EXPECT_EQ(tiny->head_dim(), 12);
  EXPECT_EQ(tiny->max_tokens(), 512);
  EXPECT_EQ(tiny->problem_type, ProblemType::kSingleLabel);
  EXPECT_THAT(tiny->labels, ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  const auto odd = ReadConfig(DIFFUSER_GOLDEN "/odd/config.json");
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ(odd->attention_window, 40);
  EXPECT_EQ(odd->hidden_act, HiddenAct::kGeluTanh);
  EXPECT_EQ(odd->layer_norm_eps, 1e-6f);
  EXPECT_EQ(odd->pad_token_id, 0);
  EXPECT_EQ(odd->problem_type, ProblemType::kRegression);
  const auto masked_lm = ReadConfig(DIFFUSER_GOLDEN "/tiny-mlm/config.json");
  ASSERT_TRUE(masked_lm.ok()) << masked_lm.status();
  EXPECT_EQ(masked_lm->head, HeadKind::kMaskedLm);
  EXPECT_THAT(masked_lm->labels, IsEmpty());
}

TEST(Config, DefaultsAsThePublishedCodeDoes) {
  const ModelConfig config = Parse(Needed());
  EXPECT_EQ(config.type_vocab_size, 1);
  EXPECT_EQ(config.layer_norm_eps, 1e-5f);
  EXPECT_EQ(config.hidden_act, HiddenAct::kGelu);
  EXPECT_EQ(config.pad_token_id, 1);
  EXPECT_EQ(config.bos_token_id, 0);
  EXPECT_EQ(config.eos_token_id, 2);
  EXPECT_EQ(config.attention_window, 8);
  EXPECT_EQ(config.diffusion_hops, 5);
  EXPECT_EQ(config.diffusion_alpha, 0.1f);
  EXPECT_EQ(config.head, HeadKind::kClassification);
  EXPECT_THAT(config.labels, ElementsAre("LABEL_0", "LABEL_1"));
  EXPECT_THAT(config.label_thresholds, ElementsAre(0.5f, 0.5f));
}

TEST(Config, TakesNullForAbsent) {
  const ModelConfig config = Parse(With({{"problem_type", nullptr}, {"pad_token_id", nullptr}}));
  EXPECT_EQ(config.problem_type, ProblemType::kSingleLabel);
  EXPECT_EQ(config.pad_token_id, 1);
}

TEST(Config, KnowsEveryActivation) {
  EXPECT_EQ(Parse(With({{"hidden_act", "relu"}})).hidden_act, HiddenAct::kRelu);
  EXPECT_EQ(Parse(With({{"hidden_act", "gelu"}})).hidden_act, HiddenAct::kGelu);
  EXPECT_EQ(Parse(With({{"hidden_act", "gelu_pytorch_tanh"}})).hidden_act, HiddenAct::kGeluTanh);
}

TEST(Config, TakesTheHeadFromArchitectures) {
  const auto head = [](const json& names) { return Parse(With({{"architectures", names}})).head; };
  EXPECT_EQ(head({"DiffuserForMaskedLM"}), HeadKind::kMaskedLm);
  EXPECT_EQ(head({"Other", "DiffuserForMaskedLM"}), HeadKind::kMaskedLm);
  EXPECT_EQ(head({"DiffuserForSequenceClassification"}), HeadKind::kClassification);
  EXPECT_EQ(head({"DiffuserModel"}), HeadKind::kClassification);
}

TEST(Config, TakesOneLabelForRegression) {
  EXPECT_EQ(Parse(With({{"num_labels", 1}})).problem_type, ProblemType::kRegression);
  const json multi = {{"num_labels", 1}, {"problem_type", "multi_label_classification"}};
  EXPECT_EQ(Parse(With(multi)).problem_type, ProblemType::kMultiLabel);
}

TEST(Config, NamesLabelsByTheirIds) {
  const json names = {{"id2label", {{"1", "spam"}, {"0", "ham"}}}, {"num_labels", 2}};
  EXPECT_THAT(Parse(With(names)).labels, ElementsAre("ham", "spam"));
  EXPECT_THAT(Parse(With({{"label2id", {{"b", 0}, {"a", 1}}}})).labels, ElementsAre("b", "a"));
}

TEST(Config, ReadsThresholdsByIndexOrByName) {
  const json names = {{"id2label", {{"0", "a"}, {"1", "b"}}}};
  json by_index = With(names);
  by_index["label_thresholds"] = {0, 0.25};
  EXPECT_THAT(Parse(by_index).label_thresholds, ElementsAre(0.0f, 0.25f));
  json by_name = With(names);
  by_name["label_thresholds"] = {{"b", 0.75}};
  EXPECT_THAT(Parse(by_name).label_thresholds, ElementsAre(0.5f, 0.75f));
}

TEST(Config, ReadsBackWhatTheWriterWrites) {
  ModelConfig config = Parse(With({{"label2id", {{"x", 0}, {"y", 1}, {"z", 2}}}}));
  config.problem_type = ProblemType::kMultiLabel;
  config.label_thresholds = {0.25f, 0.5f, 1.0f};
  config.hidden_act = HiddenAct::kRelu;
  config.diffusion_hops = 3;
  config.diffusion_alpha = 0.3f;
  const auto again = ParseConfig(testing::ConfigJson(config), "written");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->labels, config.labels);
  EXPECT_EQ(again->label_thresholds, config.label_thresholds);
  EXPECT_EQ(again->problem_type, config.problem_type);
  EXPECT_EQ(again->hidden_act, config.hidden_act);
  EXPECT_EQ(again->diffusion_hops, 3);
  EXPECT_EQ(again->diffusion_alpha, 0.3f);
}

TEST(Config, AsksForEveryKeyWithoutADefault) {
  const json needed = Needed();
  for (const auto& [key, value] : needed.items()) {
    json config = needed;
    config.erase(key);
    EXPECT_THAT(ErrorOf(config),
                AllOf(HasSubstr(absl::StrCat("\"", key, "\"")), HasSubstr("found nothing")));
  }
}

TEST(Config, RefusesWrongTypesInEveryKey) {
  for (const char* key :
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "max_position_embeddings", "attention_window", "num_rand", "num_glob",
        "type_vocab_size", "layer_norm_eps", "pad_token_id", "bos_token_id", "eos_token_id",
        "diffusion_hops", "diffusion_alpha", "num_labels"}) {
    for (const json& wrong : {json("7"), json(true), json(json::object()), json(-1), json(1e300)}) {
      EXPECT_THAT(ErrorOf(With({{key, wrong}})), HasSubstr(absl::StrCat("key \"", key, "\"")))
          << wrong;
    }
  }
  for (const char* key : {"hidden_act", "problem_type", "architectures", "id2label", "label2id",
                          "label_thresholds"}) {
    EXPECT_THAT(ErrorOf(With({{key, 7}})),
                AllOf(HasSubstr(absl::StrCat("\"", key, "\"")), HasSubstr("found 7")));
  }
}

struct BadConfig {
  const char* key;
  json value;
  const char* message;
};

TEST(Config, RefusesImpossibleValues) {
  const BadConfig cases[] = {
      {"hidden_size", 9, "found 9, expected a multiple of num_attention_heads, 2"},
      {"vocab_size", 18446744073709551615u, "found 18446744073709551615, expected an integer"},
      {"vocab_size", 2, "\"eos_token_id\": found nothing, which means 2"},
      {"pad_token_id", 100, "found 100, expected an integer from 0 to 99"},
      {"max_position_embeddings", 2, "found 2, expected an integer from 3"},
      {"attention_window", 5, "found 5, expected an even number"},
      {"attention_window", 4096, "found 4096, expected an integer from 2 to 4094"},
      {"attention_window", {4, 7}, "found 7, expected an even number"},
      {"attention_window", {4, 4, 4}, "found a list of 3, expected one a layer, 2"},
      {"num_glob", 4088, "found 4088, expected an integer from 0 to 4087"},
      {"num_hidden_layers", 100000, "found 100000"},
      {"layer_norm_eps", 1e-60, "found 1e-60, expected a number above 0"},
      {"diffusion_alpha", 1.0, "found 1.0, expected a number above 0 and below 1"},
      {"diffusion_hops", 0, "found 0, expected an integer from 1"},
      {"hidden_act", "swish", "found \"swish\", expected gelu"},
      {"problem_type", "ranking", "found \"ranking\", expected single_label"},
      {"num_labels", 0, "found 0, expected an integer from 1"},
      {"id2label", {{"0", "a"}, {"2", "b"}}, "found no key \"1\" among 2"},
      {"id2label", {{"0", "a"}, {"1", "a"}}, "found \"a\" twice"},
      {"id2label", {{"0", ""}}, "an empty label name"},
      {"id2label", {{"0", 3}}, "found 3 at \"0\", expected a label name"},
      {"id2label", json::object(), "found an object of 0 keys"},
      {"label2id", {{"a", 0}, {"b", 0}}, "found the id 0 twice"},
      {"label2id", {{"a", 0}, {"b", 2}}, "found 2, expected an integer from 0 to 1"},
      {"label_thresholds", {0.5, 1.5}, "found 1.5, expected a number from 0 to 1"},
      {"label_thresholds", {0.5}, "found a list of 1, expected a list of 2"},
      {"label_thresholds", {{"LABEL_7", 0.5}}, "found 1 names that are no label"},
  };
  for (const BadConfig& bad : cases) {
    EXPECT_THAT(ErrorOf(With({{bad.key, bad.value}})), HasSubstr(bad.message));
  }
}

TEST(Config, RefusesLabelCountsThatDisagree) {
  const json conflict = {{"num_labels", 3}, {"id2label", {{"0", "a"}, {"1", "b"}}}};
  EXPECT_THAT(ErrorOf(With(conflict)),
              HasSubstr("\"num_labels\": found 3, expected 2, the labels that id2label names"));
}

TEST(Config, SaysWhereTextIsNoJson) {
  EXPECT_THAT(ErrorOfText("{\n \"vocab_size\": oops}"), HasSubstr("line 2, column 16"));
  EXPECT_THAT(ErrorOfText("{\"layer_norm_eps\": NaN}"), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOfText("{\"layer_norm_eps\": 1e999}"), HasSubstr("no JSON object"));
  EXPECT_THAT(ErrorOfText("{\"vocab_size\": \"\xff\"}"), HasSubstr("invalid"));
  EXPECT_THAT(ErrorOfText(""), HasSubstr("no JSON object"));
  EXPECT_THAT(ErrorOfText("[1, 2]"), HasSubstr("found a list of 2, expected a JSON object"));
}

TEST(Config, SurvivesDeepNesting) {
  const std::string deep(1 << 20, '[');
  EXPECT_THAT(ErrorOfText("{\"vocab_size\": " + deep), HasSubstr("no JSON object"));
  const std::string closed = deep + std::string(1 << 20, ']');
  EXPECT_THAT(ErrorOfText("{\"vocab_size\": " + closed + "}"), HasSubstr("found a list of 1"));
}

TEST(Config, SaysThatAFileIsAbsent) {
  const auto config = ReadConfig("/nonexistent/config.json");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(config.status().message(), HasSubstr("/nonexistent/config.json"));
}

}  // namespace
}  // namespace diffuser::checkpoint
