#ifndef DIFFUSER_TESTS_MODEL_TRAINING_CONVERT_CONVERT_FIXTURE_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_CONVERT_CONVERT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint.h"
#include "model/model_config.h"
#include "model/training/convert/convert.h"
#include "tests/testing/checkpoint_writer.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {

// A made-up RoBERTa checkpoint with three labels, in the folder `roberta`, that a test changes
// before it calls Write and converts it into the folder `diffuser`.
class ConvertFixture : public ::testing::Test {
 protected:
  ConvertFixture();

  // Writes tensors_ and config_.
  void Write() const;

  // The tensor of that name in the file (without `roberta.`).
  testing::FileTensor& Find(const std::string& name);

  // Writes, converts and opens the result; null, with a failure, where that does not go.
  std::unique_ptr<const checkpoint::Checkpoint> Convert();
  std::unique_ptr<const checkpoint::Checkpoint> ConvertWritten();

  testing::TemporaryFolder folder_;
  nlohmann::json config_;
  std::vector<testing::FileTensor> tensors_;
  ConvertOptions options_;
  ConvertReport report_;  // of the last conversion
};

}  // namespace diffuser::training

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_CONVERT_CONVERT_FIXTURE_H_
