#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "model/training/convert/convert.h"
#include "tests/model/training/convert/convert_fixture.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;
using testing::FileTensor;
using ::testing::HasSubstr;

class ConvertErrorsTest : public ConvertFixture {
 protected:
  void ExpectError(absl::StatusCode code, const std::string& what) {
    const absl::Status status = ConvertRoberta(options_).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_FALSE(fs::exists(options_.output + "/config.json"));
  }

  // The same for a checkpoint that is yet to be written.
  void ExpectInvalid(const std::string& what) {
    Write();
    ExpectError(absl::StatusCode::kInvalidArgument, what);
  }
};

TEST_F(ConvertErrorsTest, RefusesATokenizerWithMoreIdsThanTheModel) {
  config_["vocab_size"] = 499;
  Write();
  fs::copy_file(fs::path(DIFFUSER_ROOT) / "tests/data/checkpoints/golden-long/tokenizer.json",
                folder_.path("roberta/tokenizer.json"));
  ExpectError(absl::StatusCode::kInvalidArgument, "gives 500 ids, expected at most 499");
}

TEST_F(ConvertErrorsTest, RefusesAnOutputThatIsThere) {
  Write();
  fs::create_directory(options_.output);
  ExpectError(absl::StatusCode::kAlreadyExists, "--overwrite");
  options_.overwrite = true;
  EXPECT_NE(ConvertWritten(), nullptr);
}

TEST_F(ConvertErrorsTest, DoesNotWriteIntoItsSource) {
  options_.overwrite = true;
  Write();
  options_.output = options_.from + "/.";
  const absl::Status status = ConvertRoberta(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

TEST_F(ConvertErrorsTest, SaysWhatIsMissing) {
  ExpectError(absl::StatusCode::kNotFound, options_.from);
  Write();
  fs::remove(options_.from + "/model.safetensors");
  ExpectError(absl::StatusCode::kNotFound, "found no weights");
  fs::remove(options_.from + "/config.json");
  ExpectError(absl::StatusCode::kNotFound, "config.json");
}

TEST_F(ConvertErrorsTest, RefusesWhatIsNoRoberta) {
  config_["model_type"] = "bert";
  ExpectInvalid("key \"model_type\": found \"bert\", expected \"roberta\"");
  config_.erase("model_type");
  ExpectInvalid("key \"model_type\": found null");
}

TEST_F(ConvertErrorsTest, RefusesOtherPositionsAndDecoders) {
  config_["position_embedding_type"] = "relative_key";
  ExpectInvalid("position_embedding_type");
  config_.erase("position_embedding_type");
  config_["is_decoder"] = true;
  ExpectInvalid("is_decoder");
}

TEST_F(ConvertErrorsTest, NamesTensorsThatAreMissingMisshapenOrUnknown) {
  const std::vector<FileTensor> sound = tensors_;
  Find("encoder.layer.1.output.dense.bias").name = "roberta.encoder.layer.1.output.dense.offset";
  ExpectInvalid("encoder.layer.1.output.dense.bias [8]");
  tensors_ = sound;
  Find("embeddings.position_embeddings.weight").shape = {10, 16};
  ExpectInvalid("found shape [10, 16], expected [20, 8]");
  tensors_ = sound;
  tensors_.push_back(testing::Float32Tensor("qa_outputs.bias", {}, {1.0f}));
  ExpectInvalid("qa_outputs.bias");
}

TEST_F(ConvertErrorsTest, RefusesOptionsOutOfRange) {
  options_.attention_window = 5;
  ExpectInvalid("attention_window is 5, expected an even number");
  options_.attention_window = 0;
  ExpectInvalid("attention_window is 0, expected 2 to 4094");
  options_.attention_window = 4;
  options_.num_glob = 4092;
  ExpectInvalid("num_glob");
  options_.num_glob = 1;
  options_.max_position_embeddings = 2;
  ExpectInvalid("max_position_embeddings is 2");
  options_.max_position_embeddings = 50;
  options_.labels = {"x", "x"};
  ExpectInvalid("\"x\" twice");
}

TEST_F(ConvertErrorsTest, LeavesNoCheckpointThatOpensWhereTheDiskIsFull) {
  Write();
  fs::create_directory(options_.output);
  fs::create_symlink("/dev/full", options_.output + "/model.safetensors.partial");
  options_.overwrite = true;
  ExpectError(absl::StatusCode::kResourceExhausted, "model.safetensors");
}

}  // namespace
}  // namespace diffuser::training
