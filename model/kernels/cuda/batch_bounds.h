#ifndef DIFFUSER_MODEL_KERNELS_CUDA_BATCH_BOUNDS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_BATCH_BOUNDS_H_

namespace diffuser::kernels::cuda {

// The most that a launch has room for. What is launched for some bounds serves every batch within
// them: which batch it is, kernels read from the plan in device memory. So a CUDA graph that was
// captured once can be replayed for other batches. Rows from the batch's tokens to the bounds' are
// neither read nor written by the attention.
//
// A document's bits do not hang on the bounds. Its time hardly does: what there is room for beyond
// the batch costs blocks that leave at once, a few microseconds a layer unless the documents are
// many more than a sixteenth of the tokens. All are at least 1.
struct BatchBounds {
  int tokens = 0;  // T
  int documents = 0;
  int longest = 0;  // tokens of one document
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_BATCH_BOUNDS_H_
