#include "model/layers/arena.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "model/layers/arena_memory.h"

namespace diffuser::layers {
namespace {

thread_local ArenaMemory* current = nullptr;

// The arenas there are, so that a block finds its own. LibTorch frees memory by its address alone,
// whichever allocator it came from.
class LiveArenas {
 public:
  void Add(std::shared_ptr<ArenaMemory> memory) {
    const absl::WriterMutexLock lock(&mutex_);
    arenas_.push_back(std::move(memory));
  }

  bool Free(void* block) {
    const absl::ReaderMutexLock lock(&mutex_);
    return std::any_of(arenas_.begin(), arenas_.end(),
                       [block](const auto& memory) { return memory->Free(block); });
  }

  // Those that nobody owns and nothing uses.
  void RemoveAbandoned() {
    const absl::WriterMutexLock lock(&mutex_);
    std::erase_if(arenas_, [](const auto& memory) {
      return memory.use_count() == 1 && memory->live_bytes() == 0;
    });
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<ArenaMemory>> arenas_ ABSL_GUARDED_BY(mutex_);
};

LiveArenas& Arenas();

void FreeBlock(void* block) {
  if (block == nullptr || Arenas().Free(block)) return;
  c10::GetDefaultCPUAllocator()->raw_deallocate(block);
}

// LibTorch's own allocator, but for threads within a scope. LibTorch knows one allocator a process.
class ScopedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = current != nullptr ? current->Allocate(bytes)
                                     : c10::GetDefaultCPUAllocator()->raw_allocate(bytes);
    return {block, block, &FreeBlock, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &FreeBlock; }
  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }
};

// Registers the allocator when the first arena is made.
LiveArenas& Arenas() {
  static LiveArenas* const arenas = [] {
    static ScopedAllocator* const allocator = new ScopedAllocator;
    c10::SetCPUAllocator(allocator, /*priority=*/1);
    return new LiveArenas;
  }();
  return *arenas;
}

}  // namespace

Arena::Arena() : memory_(std::make_shared<ArenaMemory>()) { Arenas().Add(memory_); }

Arena::~Arena() {
  memory_.reset();
  Arenas().RemoveAbandoned();
}

int64_t Arena::bytes() const { return memory_->bytes(); }
int64_t Arena::live_bytes() const { return memory_->live_bytes(); }

ArenaScope::ArenaScope(const Arena& arena)
    : previous_(std::exchange(current, arena.memory_.get())) {}
ArenaScope::~ArenaScope() { current = previous_; }

}  // namespace diffuser::layers
