#ifndef DIFFUSER_TESTS_GOLDEN_DEVICE_GOLDEN_H_
#define DIFFUSER_TESTS_GOLDEN_DEVICE_GOLDEN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/device/lane.h"
#include "tests/model/device/test_model.h"
#include "tests/testing/golden_case.h"

namespace diffuser::testing {

// The checkpoint of one golden folder with what the published code computed, for encoders on a
// device that the host plays.
class DeviceGolden {
 public:
  // Fails the running test where the folder cannot be loaded.
  explicit DeviceGolden(const std::string& name);

  const device::testing::TestModel& model() const { return model_; }
  int documents() const { return static_cast<int>(ids_.size()); }
  int64_t length(int document) const { return static_cast<int64_t>(ids_[document].size()); }

  model::PackedBatch Pack(const std::vector<int>& documents) const;
  // A lane for any batch of those documents, each once.
  device::Lane MakeLane(std::shared_ptr<const device::DeviceEncoder> encoder,
                        const std::vector<int>& documents) const;

  // The largest difference of a logit, or of a hidden state of the documents that have them, from
  // what the published code computed.
  double LogitDifference(device::Lane& lane, const std::vector<int>& documents) const;
  double HiddenDifference(const device::DeviceEncoder& encoder, int document) const;

 private:
  device::testing::TestModel model_;
  GoldenCase expected_;
  std::vector<std::vector<int32_t>> ids_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_GOLDEN_DEVICE_GOLDEN_H_
