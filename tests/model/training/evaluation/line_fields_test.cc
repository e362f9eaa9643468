#include "model/training/evaluation/line_fields.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ReadLineField, FindsTheFieldByLineAndPassesOverTheRest) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.Write("a.jsonl",
                                        "{\"source\": \"npm\", \"text\": \"a\\nb\"}\n"
                                        "\n"
                                        "{\"text\": \"none\"}\n"
                                        "{broken\n"
                                        "[\"source\"]\n"
                                        "{\"source\": 7}");
  const auto values = ReadLineField(path, "source");
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values, UnorderedElementsAre(Pair(1, "npm"), Pair(6, "7")));
}

TEST(ReadLineField, SaysThatThereIsNoFile) {
  EXPECT_EQ(ReadLineField("/nowhere/file.jsonl", "x").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace diffuser::training
