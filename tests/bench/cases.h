#ifndef DIFFUSER_TESTS_BENCH_CASES_H_
#define DIFFUSER_TESTS_BENCH_CASES_H_

#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/packed_batch.h"

namespace diffuser::bench {

// One batch to measure.
struct Case {
  std::string name;          // "4096"
  std::vector<int> lengths;  // of its documents, in tokens
  // Whether its documents are measured one by one, too.
  bool one_by_one = false;
  // Whether it is left out on a CPU unless it is asked for: it only fills a larger device.
  bool for_devices = false;

  int tokens() const;
};

// Documents of 128, 512, 1024, 2048 and 4096 tokens ("128" ...); documents of many lengths packed
// ("mixed") and 64 documents of 64 tokens ("64x64"), both 4096 tokens; and, for devices, 8
// documents of 4096 tokens ("8x4096").
std::vector<Case> AllCases();

// The case without the documents that `config` is too short for; no lengths are left where it is
// too short for all.
Case Fit(Case all, const model::ModelConfig& config);

// The documents of a case, with token ids that differ, none of them the padding id.
// REQUIRES: a vocabulary of more than one id.
model::PackedBatch MakeBatch(const std::vector<int>& lengths, const model::ModelConfig& config);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_CASES_H_
