#include "model/checkpoint/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/config_writer.h"
#include "model/checkpoint/narrowing.h"
#include "model/checkpoint/state_dict.h"
#include "tests/model/checkpoint/small_config.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TemporaryFolder;

// The tensors that SmallConfig calls for, with numbers that narrowing changes.
class CheckpointWriterTest : public ::testing::Test {
 protected:
  CheckpointWriterTest() : path_(folder_.path("model.safetensors")) {
    const std::vector<ExpectedTensor> expected = ExpectedTensors(SmallConfig());
    values_.reserve(expected.size());
    for (const ExpectedTensor& tensor : expected) {
      int64_t count = 1;
      for (const int64_t extent : tensor.shape) count *= extent;
      std::vector<float>& values = values_.emplace_back(count);
      for (int64_t i = 0; i < count; ++i) values[i] = 1 / (1.0f + i + values_.size());
      tensors_.push_back({PublishedName(tensor.name), tensor.shape, values});
    }
  }

  void WriteCheckpoint(StoredType type) const {
    const absl::Status status = WriteSafetensors(path_, tensors_, type);
    ASSERT_TRUE(status.ok()) << status;
    const auto json = ConfigJson(SmallConfig());
    ASSERT_TRUE(json.ok()) << json.status();
    ASSERT_TRUE(WriteFileAtomically(folder_.path("config.json"), *json).ok());
  }

  absl::StatusCode CodeOf(const NamedTensor& tensor, StoredType type = StoredType::kFloat32) {
    const absl::Status status = WriteSafetensors(path_, {tensor}, type);
    EXPECT_THAT(std::string(status.message()), HasSubstr(tensor.name));
    return status.code();
  }

  TemporaryFolder folder_;
  std::string path_;
  std::vector<std::vector<float>> values_;
  std::vector<NamedTensor> tensors_;
};

TEST_F(CheckpointWriterTest, WritesACheckpointThatOpensWithTheSameNumbers) {
  WriteCheckpoint(StoredType::kFloat32);
  const auto checkpoint = Checkpoint::Open(folder_.path());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const std::vector<ExpectedTensor> expected = ExpectedTensors(SmallConfig());
  for (size_t i = 0; i < expected.size(); ++i) {
    const Tensor& tensor = (*checkpoint)->tensor(expected[i].name);
    std::vector<float> read(tensor.elements());
    tensor.CopyTo(absl::MakeSpan(read));
    EXPECT_EQ(read, values_[i]) << expected[i].name;
  }
}

TEST_F(CheckpointWriterTest, RoundsToTheNarrowTypes) {
  for (const StoredType type : {StoredType::kFloat16, StoredType::kBFloat16}) {
    WriteCheckpoint(type);
    const auto checkpoint = Checkpoint::Open(folder_.path());
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const Tensor& tensor = (*checkpoint)->tensor("classifier.dense.weight");
    const bool is_half = type == StoredType::kFloat16;
    EXPECT_EQ(tensor.dtype, is_half ? DType::kFloat16 : DType::kBFloat16);
    const std::vector<float>& values = values_[values_.size() - 4];
    ASSERT_EQ(tensor.elements(), static_cast<int64_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(LoadLittleEndian<uint16_t>(tensor.bytes, 2 * i),
                is_half ? NarrowToFloat16(values[i]) : NarrowToBFloat16(values[i]));
    }
  }
}

TEST_F(CheckpointWriterTest, AlignsTheDataAndKeepsTheMetadata) {
  for (size_t length = 0; length < 70; ++length) {
    const Metadata metadata = {{"note", std::string(length, 'n')}};
    ASSERT_TRUE(WriteSafetensors(path_, tensors_, StoredType::kFloat32, metadata).ok());
    const std::string file = ReadFile(path_);
    uint64_t header = 0;
    file.copy(reinterpret_cast<char*>(&header), sizeof(header));
    ASSERT_EQ((sizeof(header) + header) % 64, 0u);
    const auto json = nlohmann::json::parse(file.substr(sizeof(header), header));
    EXPECT_EQ(json["__metadata__"]["format"], "pt");
    EXPECT_EQ(json["__metadata__"]["note"], metadata.at("note"));
  }
}

TEST_F(CheckpointWriterTest, WritesTheSameBytesAgain) {
  WriteCheckpoint(StoredType::kFloat16);
  const std::string first = ReadFile(path_);
  WriteCheckpoint(StoredType::kFloat16);
  EXPECT_EQ(ReadFile(path_), first);
}

TEST_F(CheckpointWriterTest, WritesScalarsAndEmptyTensors) {
  const float one = 1;
  const std::vector<NamedTensor> tensors = {{"scalar", {}, {&one, 1}}, {"empty", {0, 3}, {}}};
  EXPECT_TRUE(WriteSafetensors(path_, tensors, StoredType::kFloat32).ok());
  EXPECT_TRUE(WriteSafetensors(path_, {}, StoredType::kFloat32).ok());
}

TEST_F(CheckpointWriterTest, RefusesWhatIsNoTensor) {
  const std::vector<float> two(2);
  EXPECT_EQ(CodeOf({"short", {3}, two}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf({"negative", {-1, -2}, two}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf({"__metadata__", {2}, two}), absl::StatusCode::kInvalidArgument);
  const NamedTensor twice = {"twice", {2}, two};
  EXPECT_EQ(WriteSafetensors(path_, {twice, twice}, StoredType::kFloat32).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CheckpointWriterTest, RefusesNumbersThatTheTypeCannotHold) {
  const std::vector<float> large = {70000};
  EXPECT_EQ(CodeOf({"large", {1}, large}, StoredType::kFloat16), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(WriteSafetensors(path_, {{"large", {1}, large}}, StoredType::kBFloat16).ok());
  const std::vector<float> infinite = {std::numeric_limits<float>::infinity()};
  EXPECT_TRUE(WriteSafetensors(path_, {{"infinite", {1}, infinite}}, StoredType::kFloat16).ok());
}

TEST_F(CheckpointWriterTest, KeepsTheLastGoodFileWhereTheDiskIsFull) {
  WriteCheckpoint(StoredType::kFloat32);
  std::filesystem::create_symlink("/dev/full", path_ + ".partial");
  const absl::Status status = WriteSafetensors(path_, tensors_, StoredType::kFloat32);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path_), HasSubstr("bytes")));
  EXPECT_TRUE(Checkpoint::Open(folder_.path()).ok());
}

}  // namespace
}  // namespace diffuser::checkpoint
