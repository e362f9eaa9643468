#include "model/token_ids.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::model {
namespace {

using ::testing::HasSubstr;

std::string Message(const std::vector<int32_t>& ids) {
  ModelConfig config;
  config.vocab_size = 50;
  config.max_position_embeddings = 12;
  config.pad_token_id = 1;
  const absl::Status status = CheckTokenIds(config, ids);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(CheckTokenIds, SaysWhichIdIsWrong) {
  EXPECT_EQ(Message({0, 49}), "");
  EXPECT_EQ(Message(std::vector<int32_t>(10, 5)), "");
  EXPECT_THAT(Message({}), HasSubstr("0 tokens"));
  EXPECT_THAT(Message(std::vector<int32_t>(11, 5)), HasSubstr("1 to 10"));
  EXPECT_THAT(Message({3, 50}), HasSubstr("id 50 at position 1"));
  EXPECT_THAT(Message({-1}), HasSubstr("id -1 at position 0"));
  EXPECT_THAT(Message({2, 3, 1}), HasSubstr("padding id"));
}

}  // namespace
}  // namespace diffuser::model
