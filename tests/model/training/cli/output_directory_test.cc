#include "model/training/cli/output_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(CountParameters, CountsThoseOfThePublishedBaseShape) {
  model::ModelConfig config;
  config.vocab_size = 50265;
  config.hidden_size = 768;
  config.num_layers = 12;
  config.intermediate_size = 3072;
  config.max_position_embeddings = 4098;
  config.labels = {"a", "b"};
  // Embeddings 41,753,088; a layer 7,087,872; the head 592,130.
  EXPECT_EQ(CountParameters(config), 41753088 + 12 * 7087872 + 592130);
}

TEST(DiskSpace, IsEnoughForLittleAndNotForAll) {
  const TemporaryFolder folder;
  EXPECT_TRUE(CheckDiskSpace(folder.path(), 1).ok());
  const absl::Status status = CheckDiskSpace(folder.path(), int64_t{1} << 60);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(" bytes free, expected 1152921504606846976"));
}

TEST(OutputDirectory, IsMadeWithTheFoldersAboveIt) {
  const TemporaryFolder folder;
  const auto resume = CheckOutputDirectory(folder.path("a/b"), ExistingOutput::kRefuse);
  ASSERT_TRUE(resume.ok()) << resume.status();
  EXPECT_FALSE(*resume);
  EXPECT_TRUE(MakeOutputDirectory(folder.path("a/b")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder.path("a/b")));
}

TEST(OutputDirectory, HasNoStateWhereAKilledRunLeftPartOfOne) {
  const TemporaryFolder folder;
  folder.Write("training/state-8.safetensors.partial", "x");
  const auto partial = CheckOutputDirectory(folder.path(), ExistingOutput::kResume);
  ASSERT_TRUE(partial.ok()) << partial.status();
  EXPECT_FALSE(*partial);
  folder.Write("training/state.json", "{}");
  const auto whole = CheckOutputDirectory(folder.path(), ExistingOutput::kResume);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_TRUE(*whole);
}

TEST(OutputDirectory, KeepsOtherFilesThanTheState) {
  const TemporaryFolder folder;
  folder.Write("notes.md", "x");
  folder.Write("training/state.json", "{}");
  EXPECT_TRUE(RemoveState(folder.path()).ok());
  EXPECT_TRUE(std::filesystem::exists(folder.path("notes.md")));
  EXPECT_FALSE(std::filesystem::exists(folder.path("training")));
}

}  // namespace
}  // namespace diffuser::training
