#ifndef DIFFUSER_MODEL_LAYERS_ARENA_MEMORY_H_
#define DIFFUSER_MODEL_LAYERS_ARENA_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace diffuser::layers {

// Pages from the system, large ones where it has them; given back at the end.
class Pages {
 public:
  // Throws std::bad_alloc.
  explicit Pages(size_t bytes);
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&&) = delete;
  ~Pages();

  char* begin() const { return begin_; }
  char* end() const { return begin_ + bytes_; }
  size_t bytes() const { return bytes_; }

 private:
  char* begin_;
  size_t bytes_;
};

// What an arena allocates from: the smallest free block that holds what is asked for, of a few
// slabs of pages, which become one when nothing is in use. Thread-safe.
class ArenaMemory {
 public:
  // A block of `bytes`, aligned for any vector. Throws std::bad_alloc.
  void* Allocate(size_t bytes);

  // Gives a block back, and says whether it was one.
  bool Free(void* block);

  int64_t bytes() const;
  int64_t live_bytes() const;

 private:
  void* TakeFree(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddSlab(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void JoinSlabs() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(char* begin, size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Pages> slabs_ ABSL_GUARDED_BY(mutex_);
  std::map<char*, size_t> free_ ABSL_GUARDED_BY(mutex_);  // bytes by begin; none touch each other
  std::map<char*, size_t> live_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ARENA_MEMORY_H_
