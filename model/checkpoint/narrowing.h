#ifndef DIFFUSER_MODEL_CHECKPOINT_NARROWING_H_
#define DIFFUSER_MODEL_CHECKPOINT_NARROWING_H_

#include <cstdint>

namespace diffuser::checkpoint {

// The bits of the nearest number in the narrower type; of two equally near the one with an even
// last bit. Beyond the largest finite number it is infinity (for float16 from 65520 on); NaN stays
// NaN, and the sign stays.
uint16_t NarrowToFloat16(float value);
uint16_t NarrowToBFloat16(float value);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_NARROWING_H_
