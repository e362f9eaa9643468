#include "model/layers/arena_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

namespace diffuser::layers {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLargePage = size_t{2} << 20;
constexpr size_t kLeastSlab = size_t{4} << 20;

size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

int64_t Sum(const std::map<char*, size_t>& blocks) {
  int64_t sum = 0;
  for (const auto& [begin, bytes] : blocks) sum += static_cast<int64_t>(bytes);
  return sum;
}

}  // namespace

Pages::Pages(size_t bytes) : bytes_(RoundUp(bytes, kLargePage)) {
  // One large page more, so that the slab can begin at one.
  const size_t mapped = bytes_ + kLargePage;
  void* address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  char* from = static_cast<char*>(address);
  const size_t before =
      RoundUp(reinterpret_cast<uintptr_t>(from), kLargePage) - reinterpret_cast<uintptr_t>(from);
  begin_ = from + before;
  if (before > 0) munmap(from, before);
  if (before < kLargePage) munmap(end(), kLargePage - before);
  madvise(begin_, bytes_, MADV_HUGEPAGE);  // a hint: small pages do, more slowly
}

Pages::Pages(Pages&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Pages::~Pages() {
  if (bytes_ > 0) munmap(begin_, bytes_);
}

void* ArenaMemory::Allocate(size_t bytes) {
  const size_t rounded = RoundUp(std::max(bytes, size_t{1}), kAlignment);
  const absl::MutexLock lock(&mutex_);
  if (live_.empty() && slabs_.size() > 1) JoinSlabs();
  if (void* block = TakeFree(rounded)) return block;
  AddSlab(rounded);
  return TakeFree(rounded);
}

void* ArenaMemory::TakeFree(size_t bytes) {
  auto found = free_.end();
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second < bytes) continue;
    if (found == free_.end() || block->second < found->second) found = block;
  }
  if (found == free_.end()) return nullptr;
  const auto [begin, available] = *found;
  free_.erase(found);
  if (available > bytes) free_.emplace(begin + bytes, available - bytes);
  live_.emplace(begin, bytes);
  return begin;
}

void ArenaMemory::AddSlab(size_t bytes) {
  const Pages& slab = slabs_.emplace_back(std::max(bytes, kLeastSlab));
  GiveBack(slab.begin(), slab.bytes());
}

void ArenaMemory::JoinSlabs() {
  size_t bytes = 0;
  for (const Pages& slab : slabs_) bytes += slab.bytes();
  free_.clear();
  slabs_.clear();
  AddSlab(bytes);
}

void ArenaMemory::GiveBack(char* begin, size_t bytes) {
  const auto next = free_.lower_bound(begin);
  if (next != free_.end() && begin + bytes == next->first) {
    bytes += next->second;
    free_.erase(next);
  }
  const auto after = free_.lower_bound(begin);
  if (after != free_.begin()) {
    const auto previous = std::prev(after);
    if (previous->first + previous->second == begin) {
      previous->second += bytes;
      return;
    }
  }
  free_.emplace(begin, bytes);
}

bool ArenaMemory::Free(void* block) {
  const absl::MutexLock lock(&mutex_);
  const auto found = live_.find(static_cast<char*>(block));
  if (found == live_.end()) return false;
  const auto [begin, bytes] = *found;
  live_.erase(found);
  GiveBack(begin, bytes);
  return true;
}

int64_t ArenaMemory::bytes() const {
  const absl::MutexLock lock(&mutex_);
  int64_t sum = 0;
  for (const Pages& slab : slabs_) sum += static_cast<int64_t>(slab.bytes());
  return sum;
}

int64_t ArenaMemory::live_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return Sum(live_);
}

}  // namespace diffuser::layers
