#ifndef DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_
#define DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hwy/aligned_allocator.h"

namespace diffuser::kernels {

// Memory aligned for the widest vectors, that only grows.
class AlignedBuffer {
 public:
  // Room for `count` numbers. Their values are unspecified; those given before are no longer valid.
  template <class T = float>
  T* Reserve(size_t count) {
    if (count * sizeof(T) > bytes_) {
      bytes_ = count * sizeof(T);
      data_ = hwy::AllocateAligned<uint8_t>(bytes_);
    }
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  hwy::AlignedFreeUniquePtr<uint8_t[]> data_;
  size_t bytes_ = 0;
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
  // Inputs, [L, padded D], and k in panels.
  AlignedBuffer q;  // in float32 h takes turns in q and k, once the scores are done
  AlignedBuffer k;
  AlignedBuffer v;
  AlignedBuffer k_panels;
  AlignedBuffer global_panels;
  AlignedBuffer global_rows;  // rows gathered from, or computed for, the global nodes
  // The attention matrix in its parts.
  AlignedBuffer band;
  AlignedBuffer columns;
  AlignedBuffer rows;
  AlignedBuffer random;
  AlignedBuffer inverse;
  std::vector<RowBlock> blocks;
  std::vector<int32_t> random_offsets;
  // Scratch.
  AlignedBuffer bias;
  AlignedBuffer vectors;
  // Of bfloat16 alone.
  AlignedBuffer scores;    // before they are weights
  AlignedBuffer turns[2];  // h_k and h_{k+1}
  AlignedBuffer pairs;     // rows of h, interleaved
  AlignedBuffer global_pairs;
  AlignedBuffer sums;  // of a block's rows, or of the global nodes'
};

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_WORKSPACE_H_
