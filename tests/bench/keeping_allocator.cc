#include "tests/bench/keeping_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <new>

namespace diffuser::bench {

KeepingAllocator::~KeepingAllocator() {
  for (const auto& [bytes, headers] : kept_) {
    for (Header* header : headers) c10::GetDefaultCPUAllocator()->raw_deallocate(header);
  }
}

c10::DataPtr KeepingAllocator::allocate(size_t bytes) {
  Header* header = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::vector<Header*>& kept = kept_[bytes];
    if (!kept.empty()) {
      header = kept.back();
      kept.pop_back();
    }
  }
  if (header == nullptr) {
    void* const memory = c10::GetDefaultCPUAllocator()->raw_allocate(sizeof(Header) + bytes);
    header = new (memory) Header{this, bytes};
  }
  void* const data = header + 1;
  return {data, data, &TakeBack, c10::Device(c10::kCPU)};
}

void KeepingAllocator::copy_data(void* to, const void* from, size_t bytes) const {
  default_copy_data(to, from, bytes);
}

void KeepingAllocator::TakeBack(void* data) {
  if (data == nullptr) return;
  Header* const header = static_cast<Header*>(data) - 1;
  const std::lock_guard lock(header->owner->mutex_);
  header->owner->kept_[header->bytes].push_back(header);
}

AllocatorScope::AllocatorScope(c10::Allocator& allocator) : before_(c10::GetCPUAllocator()) {
  c10::SetCPUAllocator(&allocator);
}

AllocatorScope::~AllocatorScope() { c10::SetCPUAllocator(before_); }

}  // namespace diffuser::bench
