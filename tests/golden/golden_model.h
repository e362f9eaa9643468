#ifndef DIFFUSER_TESTS_GOLDEN_GOLDEN_MODEL_H_
#define DIFFUSER_TESTS_GOLDEN_GOLDEN_MODEL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/layers/encoder.h"
#include "model/packed_batch.h"
#include "tests/testing/golden_case.h"

namespace diffuser::testing {

// The checkpoint of one golden folder, behind the encoder, with what the published code computed.
struct GoldenModel {
  GoldenCase expected;
  std::unique_ptr<const layers::Encoder> encoder;

  // Fails the running test where the folder cannot be loaded.
  static GoldenModel Load(const std::string& name, const std::string& kernels);
  // The same with kernels that are made for the graph.
  using MakeKernels = std::function<std::unique_ptr<const kernels::AttentionKernels>(
      std::shared_ptr<const graph::AttentionGraph>)>;
  static GoldenModel Load(const std::string& name, const MakeKernels& make_kernels);

  std::vector<int32_t> ids(int document) const;
  // Packs the documents of these indices, in this order.
  model::PackedBatch Pack(const std::vector<int>& documents) const;
};

// Largest |actual - expected|; infinity where the counts differ or a value is no number.
double LargestDifference(const std::vector<float>& actual, const std::vector<float>& expected);

// 1e-5, or 2e-5 for the longest documents: what float32 must agree to with the published code.
double Tolerance(int64_t tokens);

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_GOLDEN_GOLDEN_MODEL_H_
