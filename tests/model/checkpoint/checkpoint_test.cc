#include "model/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/state_dict.h"
#include "tests/model/checkpoint/small_config.h"
#include "tests/testing/checkpoint_writer.h"
#include "tests/testing/torch_file_writer.h"

namespace diffuser::checkpoint {
namespace {

using model::ModelConfig;
using nlohmann::json;
using ::testing::AllOf;
using testing::ConfigJson;
using ::testing::ElementsAre;
using testing::FileTensor;
using ::testing::HasSubstr;
using testing::RandomTensors;
using testing::SafetensorsFile;
using testing::TorchFile;
using testing::WriteFile;

std::vector<float> Floats(const Tensor& tensor) {
  std::vector<float> numbers(tensor.elements());
  tensor.CopyTo(absl::MakeSpan(numbers));
  return numbers;
}

// A directory of its own for each test.
class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = absl::StrCat(::testing::TempDir(), "/checkpoint_test_", getpid(), "_", test->name());
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  ~CheckpointTest() override { std::filesystem::remove_all(dir_); }

  void Write(const std::string& name, absl::string_view content) const {
    const absl::Status status = WriteFile(absl::StrCat(dir_, "/", name), content);
    ASSERT_TRUE(status.ok()) << status;
  }

  // config.json, the tensors cut in two shards, and their index with `changes` merged into it.
  void WriteShards(const json& changes = json::object()) const {
    const std::vector<FileTensor> all = RandomTensors(SmallConfig(), 1);
    const auto middle = all.begin() + all.size() / 2;
    const std::vector<FileTensor> shards[] = {{all.begin(), middle}, {middle, all.end()}};
    json map;
    for (int i = 0; i < 2; ++i) {
      const std::string name = absl::StrCat("shard-", i, ".safetensors");
      Write(name, SafetensorsFile(shards[i]));
      for (const FileTensor& tensor : shards[i]) map[tensor.name] = name;
    }
    map.merge_patch(changes);
    Write("config.json", ConfigJson(SmallConfig()));
    Write("model.safetensors.index.json", json({{"weight_map", map}}).dump());
  }

  // Opens the directory, and compares every tensor with the writer's numbers.
  void ExpectRandomTensors(uint64_t seed) const {
    const auto checkpoint = Checkpoint::Open(dir_);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const std::vector<FileTensor> written = RandomTensors(SmallConfig(), seed);
    const std::vector<ExpectedTensor> expected = ExpectedTensors(SmallConfig());
    ASSERT_EQ(written.size(), expected.size());
    for (size_t i = 0; i < written.size(); ++i) {
      const Tensor& tensor = (*checkpoint)->tensor(expected[i].name);
      EXPECT_EQ(tensor.shape, written[i].shape);
      const std::vector<float> numbers = Floats(tensor);
      EXPECT_EQ(testing::Float32Tensor("", {}, numbers).data, written[i].data) << written[i].name;
    }
  }

  absl::Status Error() const { return Checkpoint::Open(dir_).status(); }
  std::string Message() const {
    EXPECT_EQ(Error().code(), absl::StatusCode::kInvalidArgument);
    return std::string(Error().message());
  }

  std::string dir_;
};

TEST_F(CheckpointTest, ReadsTheSameAfterItsPagesWereReleased) {
  ASSERT_TRUE(testing::WriteRandomCheckpoint(dir_, SmallConfig(), /*seed=*/3).ok());
  const auto checkpoint = Checkpoint::Open(dir_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const Tensor& tensor = (*checkpoint)->tensor("embeddings.word_embeddings.weight");
  const std::vector<float> before = Floats(tensor);
  (*checkpoint)->ReleasePages();
  EXPECT_EQ(Floats(tensor), before);
}

TEST_F(CheckpointTest, OpensTheGoldenClassifiers) {
  for (const char* name : {"tiny", "long", "odd"}) {
    const auto checkpoint = Checkpoint::Open(absl::StrCat(DIFFUSER_GOLDEN "/", name));
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const ModelConfig& config = (*checkpoint)->config();
    EXPECT_THAT((*checkpoint)->tensor("classifier.out_proj.weight").shape,
                ElementsAre(config.labels.size(), config.hidden_size));
    EXPECT_FALSE((*checkpoint)->has("lm_head.bias"));
  }
}

TEST_F(CheckpointTest, ReadsTheNumbersOfTheGoldenClassifier) {
  const auto checkpoint = Checkpoint::Open(DIFFUSER_GOLDEN "/tiny");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_THAT(Floats((*checkpoint)->tensor("classifier.out_proj.bias")),
              ElementsAre(0.12219087f, 0.0514254235f, 0.113576733f));
  const std::vector<float> words =
      Floats((*checkpoint)->tensor("embeddings.word_embeddings.weight"));
  EXPECT_EQ(words[0], 0.738297582f);
  EXPECT_EQ(words[5 * 48 + 3], 0.842095852f);
  EXPECT_EQ(words.back(), -0.209608212f);
}

TEST_F(CheckpointTest, OpensTheGoldenMaskedLm) {
  const auto checkpoint = Checkpoint::Open(DIFFUSER_GOLDEN "/tiny-mlm");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_TRUE((*checkpoint)->has("lm_head.bias"));
  EXPECT_FALSE((*checkpoint)->has("lm_head.decoder.bias"));
  EXPECT_TRUE((*checkpoint)->has("lm_head.decoder.weight"));
  EXPECT_EQ(Floats((*checkpoint)->tensor("lm_head.bias"))[17], -0.13219136f);
}

// See data/make_torch_fixture.py: all forms that torch.save gives a tensor, in one file.
TEST_F(CheckpointTest, OpensAFileThatTorchWrote) {
  const auto checkpoint = Checkpoint::Open(DIFFUSER_TORCH_FIXTURE);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const std::vector<ExpectedTensor> expected = ExpectedTensors((*checkpoint)->config());
  EXPECT_EQ(expected.size(), 5u + 16 + 4);
  for (const ExpectedTensor& tensor : expected) {
    const bool is_head = tensor.name.starts_with("classifier.");
    const int64_t name_bytes = tensor.name.size() + (is_head ? 0 : 9 /* diffuser. */);
    const std::vector<float> numbers = Floats((*checkpoint)->tensor(tensor.name));
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(numbers[i], name_bytes + i % 32) << tensor.name << " at " << i;
    }
  }
}

TEST_F(CheckpointTest, OpensWhatTheWriterWrites) {
  ASSERT_TRUE(testing::WriteRandomCheckpoint(dir_, SmallConfig(), 4).ok());
  ExpectRandomTensors(4);
}

TEST_F(CheckpointTest, OpensShards) {
  WriteShards();
  ExpectRandomTensors(1);
}

TEST_F(CheckpointTest, OpensTorchFilesWithTransposedMatrices) {
  Write("config.json", ConfigJson(SmallConfig()));
  testing::TorchFileOptions options;
  options.are_transposed = true;
  Write("pytorch_model.bin", TorchFile(RandomTensors(SmallConfig(), 2), options));
  ExpectRandomTensors(2);
}

TEST_F(CheckpointTest, PrefersSafetensorsThenShardsThenTorch) {
  Write("config.json", ConfigJson(SmallConfig()));
  Write("pytorch_model.bin", TorchFile(RandomTensors(SmallConfig(), 2)));
  ExpectRandomTensors(2);
  WriteShards();
  ExpectRandomTensors(1);
  Write("model.safetensors", SafetensorsFile(RandomTensors(SmallConfig(), 3)));
  ExpectRandomTensors(3);
}

TEST_F(CheckpointTest, KeepsItsNumbersWhenTheFileIsReplaced) {
  ASSERT_TRUE(testing::WriteRandomCheckpoint(dir_, SmallConfig(), 4).ok());
  const auto checkpoint = Checkpoint::Open(dir_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const Tensor& tensor = (*checkpoint)->tensor("classifier.dense.bias");
  const std::vector<float> before = Floats(tensor);
  std::filesystem::remove(dir_ + "/model.safetensors");
  Write("model.safetensors", SafetensorsFile(RandomTensors(SmallConfig(), 5)));
  EXPECT_EQ(Floats(tensor), before);
}

TEST_F(CheckpointTest, SaysWhatIsAbsent) {
  const absl::Status no_directory = Checkpoint::Open(dir_ + "/no").status();
  EXPECT_EQ(no_directory.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(no_directory.message(), HasSubstr("/no: no such directory"));
  EXPECT_EQ(Error().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Error().message(), HasSubstr("/config.json: no such file"));
  Write("config.json", ConfigJson(SmallConfig()));
  EXPECT_EQ(Error().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Error().message(),
              AllOf(HasSubstr("model.safetensors,"), HasSubstr("model.safetensors.index.json"),
                    HasSubstr("pytorch_model.bin")));
}

TEST_F(CheckpointTest, RefusesWhatIsNoRegularFile) {
  Write("config.json", ConfigJson(SmallConfig()));
  std::filesystem::create_directory(dir_ + "/model.safetensors");
  EXPECT_THAT(Message(), HasSubstr("/model.safetensors: found no regular file"));
}

TEST_F(CheckpointTest, RefusesAnEmptyFile) {
  Write("config.json", ConfigJson(SmallConfig()));
  Write("model.safetensors", "");
  EXPECT_THAT(Message(), HasSubstr("/model.safetensors: found 0 bytes"));
}

TEST_F(CheckpointTest, RefusesShardsOutsideTheDirectory) {
  for (const json& shard : {json("../evil"), json("/etc/passwd"), json(".."), json(""), json(7),
                            json(std::string("a\0b", 3))}) {
    WriteShards({{"classifier.dense.bias", shard}});
    EXPECT_THAT(Message(), AllOf(HasSubstr("index.json: tensor classifier.dense.bias: found shard"),
                                 HasSubstr("in the same directory")));
  }
}

TEST_F(CheckpointTest, RefusesAnIndexThatTheShardsContradict) {
  WriteShards({{"classifier.dense.bias", "shard-0.safetensors"}});
  EXPECT_THAT(Message(), HasSubstr("/shard-0.safetensors: tensor classifier.dense.bias: found "
                                   "nothing, expected it here"));
  WriteShards({{"classifier.dense.bias", nullptr}});  // takes the key away
  EXPECT_THAT(Message(), HasSubstr("/shard-1.safetensors: tensor classifier.dense.bias: found in "
                                   "this shard"));
  WriteShards({{"ghost", "shard-9.safetensors"}});
  EXPECT_EQ(Error().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Error().message(), HasSubstr("/shard-9.safetensors: no such file"));
}

TEST_F(CheckpointTest, RefusesAnIndexWithoutAMap) {
  WriteShards();
  for (const char* index : {"{}", R"({"weight_map": 3})", R"({"weight_map": {}})"}) {
    Write("model.safetensors.index.json", index);
    EXPECT_THAT(Message(), HasSubstr("index.json: key \"weight_map\": found "));
  }
}

}  // namespace
}  // namespace diffuser::checkpoint
