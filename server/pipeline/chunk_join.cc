#include "server/pipeline/chunk_join.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"

namespace diffuser::pipeline {
namespace {

using batching::BatchedResult;

// What the completions of one document share.
class ChunkJoin {
 public:
  ChunkJoin(int chunks, JoinedCompletion done)
      : results_(chunks), missing_(chunks), done_(std::move(done)) {}

  void Answer(int chunk, absl::StatusOr<BatchedResult> result) {
    std::optional<JoinedCompletion> done;
    {
      const std::lock_guard lock(mutex_);
      if (!done_.has_value()) return;  // an error has been answered
      if (result.ok()) results_[chunk] = *std::move(result);
      if (result.ok() && --missing_ > 0) return;
      done = std::exchange(done_, std::nullopt);
    }
    if (result.ok()) {
      std::move(*done).Answer(std::move(results_));
    } else {
      std::move(*done).Answer(result.status());
    }
  }

 private:
  std::mutex mutex_;
  std::vector<BatchedResult> results_ ABSL_GUARDED_BY(mutex_);
  int missing_ ABSL_GUARDED_BY(mutex_);
  std::optional<JoinedCompletion> done_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::vector<ChunkCompletion> JoinChunks(int chunks, JoinedCompletion done) {
  const auto join = std::make_shared<ChunkJoin>(chunks, std::move(done));
  std::vector<ChunkCompletion> completions;
  completions.reserve(chunks);
  for (int chunk = 0; chunk < chunks; ++chunk) {
    completions.emplace_back([join, chunk](absl::StatusOr<BatchedResult> result) {
      join->Answer(chunk, std::move(result));
    });
  }
  return completions;
}

}  // namespace diffuser::pipeline
