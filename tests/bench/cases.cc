#include "tests/bench/cases.h"

#include <cstdint>
#include <numeric>
#include <random>
#include <utility>

namespace diffuser::bench {

int Case::tokens() const { return std::accumulate(lengths.begin(), lengths.end(), 0); }

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const int length : {128, 512, 1024, 2048, 4096}) {
    cases.push_back({.name = std::to_string(length), .lengths = {length}});
  }
  cases.push_back({.name = "mixed",
                   .lengths = {1531, 37, 701, 250, 64, 958, 411, 100, 17, 27},
                   .one_by_one = true});
  cases.push_back({.name = "64x64", .lengths = std::vector<int>(64, 64)});
  cases.push_back({.name = "8x4096", .lengths = std::vector<int>(8, 4096), .for_devices = true});
  return cases;
}

Case Fit(Case all, const model::ModelConfig& config) {
  std::erase_if(all.lengths, [&](int length) { return length > config.max_tokens(); });
  return all;
}

model::PackedBatch MakeBatch(const std::vector<int>& lengths, const model::ModelConfig& config) {
  std::mt19937 generator(1);
  const auto draw = [&] {
    // One of the ids but the padding's.
    const auto id = static_cast<int32_t>(generator() % (config.vocab_size - 1));
    return id < config.pad_token_id ? id : id + 1;
  };
  model::PackedBatch batch;
  for (const int length : lengths) {
    std::vector<int32_t> ids(length);
    for (int32_t& id : ids) id = draw();
    batch.Append(ids);
  }
  return batch;
}

}  // namespace diffuser::bench
