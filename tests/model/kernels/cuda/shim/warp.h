#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_WARP_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_WARP_H_

#include <cstdint>

#include "model/kernels/cuda/half.h"

// What a warp does together, by the definitions in the PTX ISA.
namespace diffuser::kernels::cuda::shim {

// Rounded to nearest, ties to even; and back.
template <class Half>
uint16_t ToBits(float value);
template <class Half>
float ToFloat(uint32_t bits);

// __shfl_xor_sync and __ballot_sync.
float ShuffleXor(uint32_t mask, float value, int lane_mask);
uint32_t Ballot(uint32_t mask, bool value);

// mma.sync.aligned.m16n8k16 (PTX ISA, "Matrix Fragments for mma.m16n8k16").
template <class Half>
void Mma(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1);

// ldmatrix.x4.trans on rows that the lanes have read: lane l brings row l % 8 of matrix l / 8.
Words TransposeMatrices(const Words& row);

}  // namespace diffuser::kernels::cuda::shim

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_WARP_H_
