#include "model/checkpoint/state_dict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/model/checkpoint/file_bytes.h"
#include "tests/model/checkpoint/small_config.h"
#include "tests/testing/checkpoint_writer.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::ModelConfig;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FileTensor;
using testing::Float32Tensor;
using ::testing::HasSubstr;
using ::testing::SizeIs;

ModelConfig MaskedLmConfig() {
  ModelConfig config = SmallConfig();
  config.head = HeadKind::kMaskedLm;
  return config;
}

// What a weight file with these tensors holds, and the tensors themselves.
class StateDictTest : public ::testing::Test {
 protected:
  void Use(const ModelConfig& config) {
    config_ = config;
    tensors_ = testing::RandomTensors(config, /*seed=*/5);
  }

  FileTensor& Find(absl::string_view name) {
    for (FileTensor& tensor : tensors_) {
      if (tensor.name == name) return tensor;
    }
    ADD_FAILURE() << "no tensor " << name;
    return tensors_.front();
  }

  void Remove(absl::string_view name) {
    std::erase_if(tensors_, [name](const FileTensor& tensor) { return tensor.name == name; });
  }

  absl::StatusOr<StateDict> Make() const {
    StoredTensors stored;
    for (const FileTensor& tensor : tensors_) {
      stored[tensor.name] = {"dir/shard", tensor.dtype, tensor.shape, {}, FileBytes(tensor.data)};
    }
    return MakeStateDict(config_, std::move(stored), "dir/file");
  }

  std::string Error() const {
    const auto state = Make();
    EXPECT_EQ(state.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(state.status().message());
  }

  ModelConfig config_;
  std::vector<FileTensor> tensors_;
};

TEST_F(StateDictTest, HoldsEveryTensorUnderItsPlainName) {
  Use(SmallConfig());
  const auto state = Make();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_THAT(state->tensors, SizeIs(5 + 2 * 16 + 4));
  EXPECT_THAT(state->tensors.at("encoder.layer.1.intermediate.dense.weight").shape,
              ElementsAre(12, 8));
  EXPECT_THAT(state->tensors.at("classifier.out_proj.weight").shape, ElementsAre(3, 8));
}

TEST_F(StateDictTest, TakesNamesWithoutThePrefixToo) {
  Use(SmallConfig());
  for (FileTensor& tensor : tensors_) {
    tensor.name = std::string(absl::StripPrefix(tensor.name, "diffuser."));
  }
  EXPECT_TRUE(Make().ok()) << Make().status();
}

TEST_F(StateDictTest, RefusesATensorWithAndWithoutThePrefix) {
  Use(SmallConfig());
  FileTensor twice = Find("diffuser.embeddings.LayerNorm.bias");
  twice.name = "embeddings.LayerNorm.bias";
  tensors_.push_back(twice);
  EXPECT_THAT(Error(), HasSubstr("dir/shard: tensor embeddings.LayerNorm.bias: found with and"));
}

TEST_F(StateDictTest, IgnoresOnlyThePositionIds) {
  Use(SmallConfig());
  tensors_.push_back({"diffuser.embeddings.position_ids", "I64", {1}, std::string(8, '\0')});
  EXPECT_TRUE(Make().ok()) << Make().status();
  tensors_.push_back({"diffuser.pooler.dense.bias", "F32", {1}, std::string(4, '\0')});
  tensors_.push_back({"lm_head.bias", "F32", {1}, std::string(4, '\0')});
  EXPECT_THAT(Error(), HasSubstr("dir/file: found 2 tensors that the config does not call for: "
                                 "lm_head.bias [1], pooler.dense.bias [1]"));
}

TEST_F(StateDictTest, ListsWhatIsMissing) {
  Use(SmallConfig());
  Remove("classifier.dense.bias");
  Remove("diffuser.embeddings.word_embeddings.weight");
  EXPECT_THAT(Error(), HasSubstr("dir/file: missing 2 of 41 tensors that the config calls for: "
                                 "embeddings.word_embeddings.weight [30, 8], "
                                 "classifier.dense.bias [8]"));
  tensors_.clear();
  EXPECT_THAT(Error(), AllOf(HasSubstr("missing 41 of 41"), HasSubstr("and 36 more")));
}

TEST_F(StateDictTest, RefusesEveryWrongShapeAndNamesIt) {
  Use(SmallConfig());
  for (FileTensor& tensor : tensors_) {
    const std::vector<int64_t> right = tensor.shape;
    tensor.shape.push_back(1);
    EXPECT_THAT(Error(), AllOf(HasSubstr(absl::StrCat("dir/shard: tensor ",
                                                      absl::StripPrefix(tensor.name, "diffuser."),
                                                      ": found shape [")),
                               HasSubstr(", expected [")));
    tensor.shape = right;
  }
}

TEST_F(StateDictTest, RefusesTransposedExtentsAndOtherTypes) {
  Use(SmallConfig());
  Find("diffuser.encoder.layer.0.output.dense.weight").shape = {12, 8};
  EXPECT_THAT(Error(), HasSubstr("found shape [12, 8], expected [8, 12]"));
  Use(SmallConfig());
  Find("classifier.dense.bias").dtype = "F64";
  EXPECT_THAT(Error(), HasSubstr("dir/shard: tensor classifier.dense.bias: found type F64, "
                                 "expected F32, F16 or BF16"));
}

TEST_F(StateDictTest, FindsTheMaskedLmBiasUnderEitherName) {
  Use(MaskedLmConfig());
  EXPECT_TRUE(Make().ok()) << Make().status();
  const std::string numbers = Find("lm_head.bias").data;
  Find("lm_head.bias").name = "lm_head.decoder.bias";
  const auto state = Make();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(AsText(state->tensors.at("lm_head.bias").bytes), numbers);
  EXPECT_FALSE(state->tensors.contains("lm_head.decoder.bias"));
  Remove("lm_head.decoder.bias");
  EXPECT_THAT(Error(),
              HasSubstr("missing 1 of 42 tensors that the config calls for: lm_head.bias"));
}

TEST_F(StateDictTest, TakesBothMaskedLmBiasesWhereTheyAgree) {
  Use(MaskedLmConfig());
  const std::vector<float> zeros(config_.vocab_size);
  Find("lm_head.bias").data = Float32Tensor("", {}, zeros).data;
  tensors_.push_back({"lm_head.decoder.bias",
                      "BF16",
                      {config_.vocab_size},
                      std::string(2 * config_.vocab_size, '\0')});
  const auto state = Make();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_FALSE(state->tensors.contains("lm_head.decoder.bias"));
  tensors_.back().data.replace(2 * 7, 2, "\x80\x3f");  // 1.0
  EXPECT_THAT(Error(), HasSubstr("dir/shard: tensor lm_head.decoder.bias: found 1 at index 7, "
                                 "expected 0 as in lm_head.bias"));
  tensors_.back().shape = {1};
  EXPECT_THAT(Error(), HasSubstr("tensor lm_head.decoder.bias: found shape [1], expected [30]"));
}

TEST_F(StateDictTest, KeepsTheDecoderWeightOnlyWhereItIsThere) {
  Use(MaskedLmConfig());
  const auto tied = Make();
  ASSERT_TRUE(tied.ok()) << tied.status();
  EXPECT_FALSE(tied->tensors.contains("lm_head.decoder.weight"));
  const std::vector<float> numbers(30 * 8, 0.5f);
  tensors_.push_back(Float32Tensor("lm_head.decoder.weight", {30, 8}, numbers));
  const auto untied = Make();
  ASSERT_TRUE(untied.ok()) << untied.status();
  EXPECT_TRUE(untied->tensors.contains("lm_head.decoder.weight"));
}

TEST_F(StateDictTest, BringsStridedTensorsIntoRowMajorOrder) {
  Use(SmallConfig());
  const float columns[] = {0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23,
                           4, 14, 24, 5, 15, 25, 6, 16, 26, 7, 17, 27};
  const FileTensor stored = Float32Tensor("classifier.out_proj.weight", {3, 8}, columns);
  StoredTensors all;
  for (const FileTensor& tensor : tensors_) {
    all[tensor.name] = {"file", tensor.dtype, tensor.shape, {}, FileBytes(tensor.data)};
  }
  all[stored.name] = {"file", "F32", {3, 8}, {1, 3}, FileBytes(stored.data)};
  const auto state = MakeStateDict(config_, std::move(all), "file");
  ASSERT_TRUE(state.ok()) << state.status();
  std::vector<float> rows(24);
  state->tensors.at(stored.name).CopyTo(absl::MakeSpan(rows));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(rows[i], i / 8 * 10 + i % 8);
}

}  // namespace
}  // namespace diffuser::checkpoint
