#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ROWWISE_ARGS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ROWWISE_ARGS_H_

#include <cstdint>

#include "model/kernels/row_activation.h"

// What the kernels of rowwise.cuh take. Pointers are to device memory.
namespace diffuser::kernels::cuda {

struct LayerNormWeights {
  const float* weight;  // [hidden]
  const float* bias;    // [hidden]
  float epsilon;
  int hidden;
};

template <class Half>
struct ResidualLayerNormArgs {
  LayerNormWeights norm;
  const Half* x;         // [rows, hidden], the dense layer's output
  const Half* residual;  // [rows, hidden]
  const float* bias;     // [hidden], the dense layer's; null where x has it
  Half* out;             // [rows, hidden]; may be x or residual
};

template <class Half>
struct EmbeddingLayerNormArgs {
  LayerNormWeights norm;
  const int32_t* ids;               // [T]
  const int32_t* positions;         // [T], rows of position_embeddings
  const Half* word_embeddings;      // [vocab, hidden]
  const Half* position_embeddings;  // [positions, hidden]
  const Half* token_type;           // [hidden], of type 0
  Half* out;                        // [T, hidden]
};

using Activation = RowActivation;

template <class Half>
struct BiasActivationArgs {
  Half* x;            // [rows, width], in place
  const float* bias;  // [width]
  int rows;
  int width;  // a multiple of 8
  Activation activation;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ROWWISE_ARGS_H_
