#ifndef DIFFUSER_TESTS_TESTING_GOLDEN_CASE_H_
#define DIFFUSER_TESTS_TESTING_GOLDEN_CASE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/graph/attention_graph.h"

namespace diffuser::testing {

// One folder of golden vectors: the graph that its config.json calls for, and the tensors of its
// expected.safetensors, read whole. For tests alone: it trusts the file more than a server may.
//
//   auto golden = GoldenCase::Load(DIFFUSER_GOLDEN "/tiny");
//   std::vector<float> logits = golden->Floats("doc0.logits");
class GoldenCase {
 public:
  // Errors: NOT_FOUND (no such file), INVALID_ARGUMENT (not what it should be); both name the file.
  static absl::StatusOr<GoldenCase> Load(const std::string& dir);

  const graph::GraphOptions& graph_options() const { return graph_options_; }
  // Number of documents: those with `doc<i>.input_ids`.
  int documents() const;

  bool Has(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  // REQUIRES, of all three: Has(name). Floats and Ints give the elements in row-major order and
  // nothing (an empty vector) where the tensor is of the other type.
  const std::vector<int64_t>& Shape(std::string_view name) const;
  std::vector<float> Floats(std::string_view name) const;  // an F32 tensor
  std::vector<int32_t> Ints(std::string_view name) const;  // an I32 tensor

 private:
  struct Tensor {
    std::string dtype;
    std::vector<int64_t> shape;
    std::string bytes;
  };

  absl::Status ReadConfig(const std::string& path);
  absl::Status ReadTensors(const std::string& path);

  graph::GraphOptions graph_options_;
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_GOLDEN_CASE_H_
