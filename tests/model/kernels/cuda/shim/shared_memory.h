#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_SHARED_MEMORY_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_SHARED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/model/kernels/cuda/shim/engine.h"

namespace diffuser::kernels::cuda::shim {

// The shared memory of one block, which knows who touched what last. Two accesses to the same bytes
// by different threads, at least one of them a write that is not atomic like the other, are a race
// unless a barrier that both threads passed lies between them: of the warp, the block or the
// cluster. What a race reads or leaves hangs on the device's mood, so it is reported even where
// this run got the right numbers.
class SharedMemory {
 public:
  enum class Access { kRead, kWrite, kAtomic };

  explicit SharedMemory(size_t bytes);

  // Checks an access of the current thread and remembers it; true where the bytes exist and are
  // aligned as their size wants it.
  bool Note(size_t offset, size_t bytes, Access access);

  std::byte* data(size_t offset) { return data_.data() + offset; }
  size_t bytes() const { return data_.size(); }

  void Report(std::string_view what);
  const std::vector<std::string>& reports() const { return reports_; }

 private:
  // An access as it is remembered.
  struct Stamp {
    int thread = -1;  // in the cluster; -1: none
    int warp = 0;
    const void* block = nullptr;
    uint32_t warp_phase = 0, block_phase = 0, cluster_phase = 0;
    bool is_atomic = false;
  };
  // Two bytes: no array of smaller elements is in use. Of reads since the last write, two of
  // different threads are enough to tell whether one of them races with the next write.
  struct Cell {
    Stamp write;
    Stamp reads[2];
  };

  static Stamp Now(Access access);
  static bool Races(const Stamp& before, const Stamp& now);
  void NoteRead(Cell& cell, const Stamp& now, size_t offset);
  void NoteWrite(Cell& cell, const Stamp& now, size_t offset);
  void ReportRace(const char* now_does, const Stamp& now, const char* before_did,
                  const Stamp& before, size_t offset);

  std::vector<std::byte> data_;
  std::vector<Cell> cells_;
  std::vector<std::string> reports_;
};

}  // namespace diffuser::kernels::cuda::shim

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_SHARED_MEMORY_H_
