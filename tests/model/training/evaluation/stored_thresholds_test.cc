#include "model/training/evaluation/stored_thresholds.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/checkpoint/config.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreThresholdsTest : public ::testing::Test {
 protected:
  void WriteConfig(const std::string& text) { folder_.Write("config.json", text); }
  std::string Config() const { return testing::ReadFile(folder_.path("config.json")); }

  const testing::TemporaryFolder folder_;
  const std::string dir_ = folder_.path();
};

TEST_F(StoreThresholdsTest, KeepsAllOtherKeysInTheirOrder) {
  WriteConfig(R"({"zeta": 1e-05, "label_thresholds": [0.1, 0.2], "alpha": {"b": null, "a": "é"}})");
  ASSERT_TRUE(StoreThresholds(dir_, {"MIT", "ISC"}, {0.1f, 0.625f}).ok());
  EXPECT_EQ(Config(), R"({
  "zeta": 1e-05,
  "label_thresholds": {
    "MIT": 0.1,
    "ISC": 0.625
  },
  "alpha": {
    "b": null,
    "a": "é"
  }
}
)");
}

TEST_F(StoreThresholdsTest, WritesWhatTheServerReadsBackBitForBit) {
  WriteConfig(R"({"vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1,
      "num_attention_heads": 1, "intermediate_size": 4, "max_position_embeddings": 10,
      "attention_window": 2, "num_rand": 1, "num_glob": 1,
      "problem_type": "multi_label_classification", "id2label": {"0": "a", "1": "b"}})");
  ASSERT_TRUE(StoreThresholds(dir_, {"a", "b"}, {1.0f / 3, 0.123456789f}).ok());
  const auto config = checkpoint::ReadConfig(dir_ + "/config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->label_thresholds, ElementsAre(1.0f / 3, 0.123456789f));
}

TEST_F(StoreThresholdsTest, LeavesWhatIsNoConfigAlone) {
  WriteConfig("[1, 2]");
  const absl::Status status = StoreThresholds(dir_, {"a"}, {0.5f});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("config.json: is no JSON object"));
  EXPECT_EQ(Config(), "[1, 2]");
}

TEST_F(StoreThresholdsTest, KeepsTheConfigWhereTheDiskIsFull) {
  WriteConfig("{}");
  std::filesystem::create_symlink("/dev/full", dir_ + "/config.json.partial");
  const absl::Status status = StoreThresholds(dir_, {"a"}, {0.25f});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(Config(), "{}");
}

}  // namespace
}  // namespace diffuser::training
