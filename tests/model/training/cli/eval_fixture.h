#ifndef DIFFUSER_TESTS_MODEL_TRAINING_CLI_EVAL_FIXTURE_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_CLI_EVAL_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>

#include "model/model_config.h"
#include "model/training/cli/eval_options.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {

// The fake classifier's config with the labels "no" and "yes", of which a document has any number.
inline model::ModelConfig MultiLabelConfig() {
  model::ModelConfig config = testing::SmallConfig();
  config.problem_type = model::ProblemType::kMultiLabel;
  return config;
}

class EvalTest : public ::testing::Test {
 protected:
  // Of data written to a file of that name.
  EvalOptions Options(const std::string& name, const std::string& data) {
    EvalOptions options;
    options.model = folder_.path();
    options.data = folder_.Write(name, data);
    return options;
  }

  testing::TemporaryFolder folder_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_CLI_EVAL_FIXTURE_H_
