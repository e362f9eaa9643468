#include "tests/bench/keeping_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <memory>
#include <utility>

namespace diffuser::bench {

c10::DataPtr KeepingAllocator::allocate(size_t bytes) {
  c10::DataPtr memory;
  {
    const std::lock_guard lock(mutex_);
    std::vector<c10::DataPtr>& kept = kept_[bytes];
    if (!kept.empty()) {
      memory = std::move(kept.back());
      kept.pop_back();
    }
  }
  if (memory.get() == nullptr) memory = c10::GetDefaultCPUAllocator()->allocate(bytes);
  void* const data = memory.get();
  auto lent = std::make_unique<Lent>(Lent{this, bytes, std::move(memory)});
  return {data, lent.release(), &TakeBack, c10::Device(c10::kCPU)};
}

void KeepingAllocator::copy_data(void* to, const void* from, size_t bytes) const {
  default_copy_data(to, from, bytes);
}

void KeepingAllocator::TakeBack(void* lent) {
  const std::unique_ptr<Lent> block(static_cast<Lent*>(lent));
  const std::lock_guard lock(block->owner->mutex_);
  block->owner->kept_[block->bytes].push_back(std::move(block->memory));
}

AllocatorScope::AllocatorScope(c10::Allocator& allocator) : before_(c10::GetCPUAllocator()) {
  c10::SetCPUAllocator(&allocator);
}

AllocatorScope::~AllocatorScope() { c10::SetCPUAllocator(before_); }

}  // namespace diffuser::bench
