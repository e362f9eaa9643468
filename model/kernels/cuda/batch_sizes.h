#ifndef DIFFUSER_MODEL_KERNELS_CUDA_BATCH_SIZES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_BATCH_SIZES_H_

#include <cstdint>
#include <vector>

#include "model/kernels/cuda/batch_bounds.h"
#include "model/kernels/cuda/envelope.h"
#include "model/kernels/cuda/graph_arrays.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// What the attention matrices of one head take (layout.h), of one document or of a batch.
struct MatrixSizes {
  int64_t strips = 0;
  int64_t tiles = 0;
  int64_t groups = 0;
  int64_t chunks = 0;
};

// A document of that length, the first of a batch. REQUIRES: 1 <= length <= graph.nodes.
Document MakeDocument(const GraphArrays& graph, int length);
MatrixSizes SizesOf(const Document& document);

// The most that any batch within some bounds takes, for one graph. Immutable after construction.
class MostSizes {
 public:
  explicit MostSizes(const GraphArrays& graph);

  MatrixSizes Of(const BatchBounds& bounds) const;

 private:
  struct Envelopes {
    Envelope strips, tiles, groups, chunks;
  };

  // Of documents up to 1, 2, 4, ... tokens, the last up to all nodes.
  std::vector<Envelopes> up_to_;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_BATCH_SIZES_H_
