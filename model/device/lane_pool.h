#ifndef DIFFUSER_MODEL_DEVICE_LANE_POOL_H_
#define DIFFUSER_MODEL_DEVICE_LANE_POOL_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/device/lane.h"

namespace diffuser::device {

// The lanes of a device, lent to one thread at a time each. Thread-safe.
class LanePool {
 public:
  explicit LanePool(std::vector<std::unique_ptr<Lane>> lanes) : free_(std::move(lanes)) {}

  // A lane until it goes out of scope. REQUIRES: the pool outlives it.
  class Lease {
   public:
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      const absl::MutexLock lock(&pool_.mutex_);
      pool_.free_.push_back(std::move(lane_));
    }
    Lane* operator->() const { return lane_.get(); }

   private:
    friend class LanePool;
    Lease(LanePool& pool, std::unique_ptr<Lane> lane) : pool_(pool), lane_(std::move(lane)) {}

    LanePool& pool_;
    std::unique_ptr<Lane> lane_;
  };

  // Blocks: until a lane is free.
  Lease Take() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::vector<std::unique_ptr<Lane>>* lanes) { return !lanes->empty(); }, &free_));
    std::unique_ptr<Lane> lane = std::move(free_.back());
    free_.pop_back();
    return Lease(*this, std::move(lane));
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Lane>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_LANE_POOL_H_
