#ifndef DIFFUSER_TESTS_TESTING_CHECKPOINT_WRITER_H_
#define DIFFUSER_TESTS_TESTING_CHECKPOINT_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/model_config.h"

// Writes checkpoints for tests, whole ones and parts that a test then damages:
//
//   model::ModelConfig config;  // filled in, labels included
//   ASSERT_TRUE(WriteRandomCheckpoint(dir, config, /*seed=*/1).ok());
namespace diffuser::testing {

// One tensor as a weight file holds it.
struct FileTensor {
  std::string name;
  std::string dtype;  // as safetensors names it: "F32"
  std::vector<int64_t> shape;
  std::string data;  // the elements' bytes, row-major
};

FileTensor Float32Tensor(std::string name, std::vector<int64_t> shape,
                         absl::Span<const float> elements);

// A config.json that checkpoint::ParseConfig reads back as `config`.
// REQUIRES: config.label_thresholds is empty or one a label.
std::string ConfigJson(const model::ModelConfig& config);

// Every required tensor that `config` calls for, in float32, under the published names (with the
// prefix `diffuser.` where they have one). The same numbers for the same seed on every machine, of
// the size that keeps a deep encoder's activations alive.
std::vector<FileTensor> RandomTensors(const model::ModelConfig& config, uint64_t seed);

// A safetensors file with the tensors' data one after the other.
std::string SafetensorsFile(const std::vector<FileTensor>& tensors);

// The same from a header written by hand.
std::string SafetensorsFile(absl::string_view header, absl::string_view data);

// Errors: UNAVAILABLE (the file cannot be written).
absl::Status WriteFile(const std::string& path, absl::string_view content);

// Makes the directory `dir` and writes config.json and model.safetensors. Errors: UNAVAILABLE.
absl::Status WriteRandomCheckpoint(const std::string& dir, const model::ModelConfig& config,
                                   uint64_t seed);

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_CHECKPOINT_WRITER_H_
