#include "model/training/convert/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "model/checkpoint/checkpoint.h"
#include "tests/model/training/convert/convert_fixture.h"
#include "tests/testing/torch_file_writer.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;
using checkpoint::Checkpoint;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FileTensor;
using ::testing::HasSubstr;
using testing::ReadFile;
using ::testing::UnorderedElementsAre;

constexpr char kPositions[] = "embeddings.position_embeddings.weight";
constexpr int kHidden = 8;

std::vector<float> Values(const FileTensor& tensor) {
  std::vector<float> values(tensor.data.size() / sizeof(float));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

class ConvertTest : public ConvertFixture {
 protected:
  static std::vector<float> ValuesOf(const Checkpoint& checkpoint, const std::string& name) {
    const checkpoint::Tensor& tensor = checkpoint.tensor(name);
    std::vector<float> values(tensor.elements());
    tensor.CopyTo(absl::MakeSpan(values));
    return values;
  }

  // Every tensor but the position embeddings is what it was.
  void ExpectSameTensors(const Checkpoint& checkpoint) {
    for (const FileTensor& tensor : tensors_) {
      const std::string name = tensor.name.substr(tensor.name.starts_with("roberta.") ? 8 : 0);
      if (name == kPositions || !checkpoint.has(name)) continue;
      EXPECT_EQ(ValuesOf(checkpoint, name), Values(tensor)) << name;
    }
  }
};

TEST_F(ConvertTest, KeepsEveryTensorAndTheLabels) {
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  ExpectSameTensors(*converted);
  EXPECT_THAT(converted->config().labels, ElementsAre("a", "b", "c"));
  EXPECT_EQ(converted->config().attention_window, 4);
  EXPECT_EQ(converted->config().num_rand, 1);
  EXPECT_EQ(converted->config().num_glob, 2);
  EXPECT_EQ(converted->config().layer_norm_eps, 1e-6f);
  EXPECT_EQ(report_.new_head_reason, "");
}

TEST_F(ConvertTest, RewritesTheConfigAndKeepsItsOtherKeys) {
  ASSERT_NE(Convert(), nullptr);
  const json config = json::parse(ReadFile(options_.output + "/config.json"));
  EXPECT_EQ(config["model_type"], "diffuser");
  EXPECT_EQ(config["architectures"], json({"DiffuserForSequenceClassification"}));
  EXPECT_EQ(config["attention_window"], json({4, 4}));
  EXPECT_EQ(config["hidden_dropout_prob"], 0.25);
  EXPECT_FALSE(config.contains("torch_dtype"));
}

TEST_F(ConvertTest, RepeatsThePositionsAfterThoseOfThePadding) {
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  const std::vector<float> before = Values(Find(kPositions));
  const std::vector<float> after = ValuesOf(*converted, kPositions);
  ASSERT_EQ(after.size(), 50u * kHidden);
  for (int row = 0; row < 50; ++row) {
    const int from = row < 20 ? row : 2 + (row - 2) % 18;
    for (int i = 0; i < kHidden; ++i) {
      ASSERT_EQ(after[row * kHidden + i], before[from * kHidden + i]) << row;
    }
  }
  EXPECT_EQ(report_.source_positions, 20);
}

TEST_F(ConvertTest, CutsThePositionsWhereFewerAreWanted) {
  options_.max_position_embeddings = 12;
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  std::vector<float> first = Values(Find(kPositions));
  first.resize(12 * kHidden);
  EXPECT_EQ(ValuesOf(*converted, kPositions), first);
}

TEST_F(ConvertTest, KeepsTheHeadUnderOtherNamesForAsManyLabels) {
  options_.labels = {"x", "y", "z"};
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  EXPECT_THAT(converted->config().labels, ElementsAre("x", "y", "z"));
  ExpectSameTensors(*converted);
}

TEST_F(ConvertTest, MakesANewHeadForAnotherNumberOfLabels) {
  options_.labels = {"x", "y"};
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  EXPECT_THAT(report_.new_head_reason, HasSubstr("3 labels, not 2"));
  EXPECT_THAT(report_.dropped, Contains("classifier.out_proj.weight"));
  EXPECT_THAT(ValuesOf(*converted, "classifier.dense.bias"), ::testing::Each(0.0f));
  const std::vector<float> weights = ValuesOf(*converted, "classifier.dense.weight");
  double squares = 0;
  for (const float weight : weights) squares += weight * weight;
  EXPECT_NEAR(std::sqrt(squares / weights.size()), 0.02, 0.005);
  EXPECT_EQ(std::set<float>(weights.begin(), weights.end()).size(), weights.size());
}

TEST_F(ConvertTest, DrawsTheNewHeadBySeed) {
  options_.labels = {"x", "y"};
  options_.overwrite = true;
  const auto weights = [&](uint64_t seed) {
    options_.seed = seed;
    const auto converted = Convert();
    return converted ? ValuesOf(*converted, "classifier.out_proj.weight") : std::vector<float>();
  };
  const std::vector<float> first = weights(1);
  EXPECT_EQ(weights(1), first);
  EXPECT_NE(weights(2), first);
}

TEST_F(ConvertTest, DropsPoolerMaskedLmHeadAndBuffers) {
  std::erase_if(tensors_,
                [](const FileTensor& tensor) { return tensor.name.starts_with("classifier."); });
  const std::vector<float> eight(kHidden);
  tensors_.push_back(testing::Float32Tensor("roberta.pooler.dense.bias", {kHidden}, eight));
  tensors_.push_back(testing::Float32Tensor("lm_head.layer_norm.bias", {kHidden}, eight));
  tensors_.push_back({"roberta.embeddings.position_ids", "I64", {1}, std::string(8, '\0')});
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  EXPECT_THAT(report_.dropped,
              UnorderedElementsAre("pooler.dense.bias", "lm_head.layer_norm.bias"));
  EXPECT_EQ(report_.new_head_reason, "the checkpoint has none");
  ExpectSameTensors(*converted);
}

TEST_F(ConvertTest, ReadsTensorsWithoutThePrefix) {
  for (FileTensor& tensor : tensors_) {
    if (tensor.name.starts_with("roberta.")) tensor.name.erase(0, 8);
  }
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  ExpectSameTensors(*converted);
}

TEST_F(ConvertTest, ReadsPytorchModelBin) {
  Write();
  fs::remove(options_.from + "/model.safetensors");
  folder_.Write("roberta/pytorch_model.bin", testing::TorchFile(tensors_));
  const auto converted = ConvertWritten();
  ASSERT_NE(converted, nullptr);
  ExpectSameTensors(*converted);
}

TEST_F(ConvertTest, TakesTransformersDefaultsForKeysThatAreAbsent) {
  config_.erase("layer_norm_eps");
  config_.erase("type_vocab_size");
  const auto converted = Convert();
  ASSERT_NE(converted, nullptr);
  EXPECT_EQ(converted->config().type_vocab_size, 2);
  EXPECT_EQ(converted->config().layer_norm_eps, 1e-12f);
}

TEST_F(ConvertTest, CopiesTheTokenizerAndRemovesAnotherOne) {
  Write();
  const fs::path tokenizer = fs::path(DIFFUSER_ROOT) / "tests/data/checkpoints/golden-long";
  fs::copy_file(tokenizer / "tokenizer.json", folder_.path("roberta/tokenizer.json"));
  fs::create_directory(options_.output);
  folder_.Write("diffuser/merges.txt", "of another one");
  options_.overwrite = true;
  ASSERT_NE(ConvertWritten(), nullptr);
  EXPECT_THAT(report_.copied, ElementsAre("tokenizer.json"));
  EXPECT_EQ(ReadFile(options_.output + "/tokenizer.json"), ReadFile(tokenizer / "tokenizer.json"));
  EXPECT_FALSE(fs::exists(options_.output + "/merges.txt"));
}

}  // namespace
}  // namespace diffuser::training
