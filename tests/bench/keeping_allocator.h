#ifndef DIFFUSER_TESTS_BENCH_KEEPING_ALLOCATOR_H_
#define DIFFUSER_TESTS_BENCH_KEEPING_ALLOCATOR_H_

#include <c10/core/Allocator.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace diffuser::bench {

// Gets memory from LibTorch's own allocator, and keeps what is freed for the next tensor of the
// same size. Thread-safe; must outlive its tensors.
class KeepingAllocator final : public c10::Allocator {
 public:
  ~KeepingAllocator() override;

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override { return &TakeBack; }
  void copy_data(void* to, const void* from, size_t bytes) const override;

 private:
  // Stands in front of the data, which thereby stays aligned as LibTorch aligns it.
  struct alignas(64) Header {
    KeepingAllocator* owner;
    size_t bytes;
  };

  static void TakeBack(void* data);

  std::mutex mutex_;
  std::map<size_t, std::vector<Header*>> kept_;  // by size; guarded by mutex_; owned
};

// Has LibTorch allocate from another allocator, while it lives. For one thread of the process at a
// time.
class AllocatorScope {
 public:
  explicit AllocatorScope(c10::Allocator& allocator);
  ~AllocatorScope();
  AllocatorScope(const AllocatorScope&) = delete;
  AllocatorScope& operator=(const AllocatorScope&) = delete;

 private:
  c10::Allocator* const before_;
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_KEEPING_ALLOCATOR_H_
