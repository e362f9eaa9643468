#ifndef DIFFUSER_TESTS_BENCH_DEVICE_PARTS_H_
#define DIFFUSER_TESTS_BENCH_DEVICE_PARTS_H_

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/classifier.h"
#include "model/packed_batch.h"

namespace diffuser::bench {

// Collects what LoadOptions::on_device_part tells: the seconds that the parts of a batch ran on the
// device, each told once for each batch that was sampled. Thread-safe.
class DeviceParts {
 public:
  void Add(std::string_view part, double seconds);

  // The median of each part, over the batches since the last call.
  std::map<std::string, double> TakeMedians();

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<double>> seconds_;  // guarded by mutex_
};

// Classifies the batch so often that some of the runs are sampled, and gives the parts' seconds;
// none where the engine tells of none. REQUIRES: `collected` is told of the engine's parts.
// Errors: what the engine answers.
absl::Status MeasureDeviceParts(const model::Classifier& engine, const model::PackedBatch& batch,
                                DeviceParts& collected, std::map<std::string, double>& parts);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_DEVICE_PARTS_H_
