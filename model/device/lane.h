#ifndef DIFFUSER_MODEL_DEVICE_LANE_H_
#define DIFFUSER_MODEL_DEVICE_LANE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/classifier.h"
#include "model/device/batch_class.h"
#include "model/device/device_encoder.h"
#include "model/device/part_clock.h"
#include "model/device/runtime.h"
#include "model/device/workspace.h"
#include "model/packed_batch.h"

namespace diffuser::device {

struct LaneOptions {
  size_t classes = 64;    // of batches, kept with their graphs
  int sample_every = 64;  // batches, of which one is measured
  // As in model::LoadOptions; may be null.
  std::function<void(std::string_view part, double seconds)> on_device_part = nullptr;
  std::function<void(const std::string& details)> on_internal_error = nullptr;
};

// One batch in flight on a device: a stream, staging memory on both sides, and a workspace, taken
// once for the largest batch; and the work of batches that has been captured. While one lane waits
// for its batch, another one prepares or copies the next.
//
// Where the kernels allow it, a batch is launched for the bounds of its class. The first of a class
// is launched step by step; so is the second, which is then captured; later ones are replayed. The
// results are the same bits. Every so many batches one is launched step by step, and its parts are
// measured.
//
// For one thread at a time. Methods throw, see status_error.h; afterwards work may still run on the
// device, and must be waited for before the lane is used again.
class Lane {
 public:
  // REQUIRES: the runtime outlives it.
  Lane(Runtime& runtime, std::shared_ptr<const DeviceEncoder> encoder, const BatchBounds& most,
       LaneOptions options);

  // As Classifier::Classify. REQUIRES: the batch is within the bounds. Blocks: until it is done.
  std::vector<model::Classification> Classify(const model::PackedBatch& batch,
                                              const std::vector<bool>& evidence);

 private:
  // All that batches of the same bounds share.
  struct BatchClass {
    Inputs inputs;  // on the host, as are the answers
    EncoderPass pass;
    Answers answers;
    int uses = 0;                                   // the one under way included
    std::unique_ptr<CapturedWork> graph = nullptr;  // of the pass; null where there is none
  };

  BatchClass MakeClass(const BatchBounds& bounds) const;
  void Launch(BatchClass& shared, const model::PackedBatch& batch, bool want_evidence,
              PartClock* clock);
  void Compute(const BatchClass& shared, const model::PackedBatch& batch, PartClock* clock) const;
  void Capture(BatchClass& shared);

  std::shared_ptr<const DeviceEncoder> encoder_;
  LaneOptions options_;
  std::unique_ptr<Stream> stream_;
  Workspace workspace_;
  ClassCache<BatchClass> classes_;
  bool captures_;  // whether batches are launched for classes, and captured
  int64_t batches_ = 0;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_LANE_H_
