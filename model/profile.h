#ifndef DIFFUSER_MODEL_PROFILE_H_
#define DIFFUSER_MODEL_PROFILE_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace diffuser::model {

// What the time of a Classify goes into. The parts of the attention are counted on each thread that
// works on it: their sum is thread time, of which kAttention, the caller's wall time, has as many
// times as much as there are threads (idle ones included).
enum class Part {
  kEmbeddings,
  kProjections,  // q, k and v, and the attention's output
  kFeedForward,
  kNorms,  // with the residual's addition, where it is not fused into a product
  kHead,
  kAttention,
  kLayout,  // of the attention: q, k, v and the result copied between layouts
  kScores,
  kSoftmax,
  kDenseHops,   // the band and the columns of the global nodes, in one sweep
  kGlobalHops,  // the rows of the global nodes
  kRandomHops,
  kBackwardHops,  // the row vector of the last layer
  kLastLayer,     // all of the last layer, which the parts above count too
};
inline constexpr size_t kParts = static_cast<size_t>(Part::kLastLayer) + 1;

// Seconds by part, added up while it is installed. Thread-safe.
class Profile {
 public:
  void Add(Part part, std::chrono::nanoseconds time) {
    nanoseconds_[static_cast<size_t>(part)].fetch_add(time.count(), std::memory_order_relaxed);
  }

  double seconds(Part part) const {
    return 1e-9 * static_cast<double>(
                      nanoseconds_[static_cast<size_t>(part)].load(std::memory_order_relaxed));
  }

 private:
  std::array<std::atomic<int64_t>, kParts> nanoseconds_ = {};
};

// The profile that every PartTimer of the process adds to; null, as it is unless somebody measures:
// none. Kernels are many calls away from whoever measures, on threads of a pool, and must not carry
// a pointer there for its sake. Changed only while nothing computes.
inline std::atomic<Profile*> installed_profile = nullptr;

// Measures consecutive stretches of a function:
//
//   PartTimer timer;
//   ComputeScores();
//   timer.Count(Part::kScores);
//   ComputeSoftmax();
//   timer.Count(Part::kSoftmax);
//
// Without an installed profile it reads no clock, and costs one load and a branch a call.
class PartTimer {
 public:
  PartTimer() : profile_(installed_profile.load(std::memory_order_relaxed)) {
    if (profile_ != nullptr) [[unlikely]] {
      last_ = Clock::now();
    }
  }
  PartTimer(const PartTimer&) = delete;
  PartTimer& operator=(const PartTimer&) = delete;

  // The time since the call before, or since construction, went into `part`.
  void Count(Part part) {
    if (profile_ != nullptr) [[unlikely]] {
      const Clock::time_point now = Clock::now();
      profile_->Add(part, now - last_);
      last_ = now;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  Profile* const profile_;
  Clock::time_point last_;
};

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_PROFILE_H_
