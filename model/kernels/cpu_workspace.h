#ifndef DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_
#define DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hwy/aligned_allocator.h"

namespace diffuser::kernels {

// Memory for floats, aligned for the widest vectors, that only grows.
class AlignedBuffer {
 public:
  // Room for `count` floats. Their values are unspecified; those given before are no longer valid.
  float* Reserve(size_t count) {
    if (count > capacity_) {
      data_ = hwy::AllocateAligned<float>(count);
      capacity_ = count;
    }
    return data_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> data_;
  size_t capacity_ = 0;
};

// Consecutive rows of the attention matrix with the same local sources.
struct RowBlock {
  int begin = 0;  // rows [begin, end)
  int end = 0;
  int source_begin = 0;  // local sources [source_begin, source_end); empty where they have none
  int source_end = 0;
  int source_base = 0;  // the source of the band's first column: source_begin, rounded down
};

// What one task works with, kept by its thread and reused by the next. One at a time.
struct Workspace {
  AlignedBuffer q;  // h takes turns in q and k, once the scores are done
  AlignedBuffer k;
  AlignedBuffer v;
  AlignedBuffer k_panels;
  AlignedBuffer global_panels;
  AlignedBuffer global_rows;  // rows gathered from, or computed for, the global nodes
  AlignedBuffer band;
  AlignedBuffer columns;
  AlignedBuffer rows;
  AlignedBuffer random;
  AlignedBuffer bias;
  AlignedBuffer inverse;
  AlignedBuffer vectors;
  std::vector<RowBlock> blocks;
  std::vector<int32_t> random_offsets;
};

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_
