#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ENVELOPE_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ENVELOPE_H_

#include <cstdint>
#include <vector>

namespace diffuser::kernels::cuda {

// The least concave function C that is nowhere below f(0) = 0, f(1), ..., f(n), numbers that never
// fall: what documents of a batch take together, from what one of each length takes.
//
// For lengths l_1 to l_m of a sum of at most T, f(l_1) + ... <= C(l_1) + ... <= m C(T / m): the
// first as C is nowhere below f, the second as C is concave (Jensen) and does not fall. No bound
// that hangs on m and T alone is lower by more than the fractions of documents that C mixes.
class Envelope {
 public:
  // Appends f(n + 1). REQUIRES: value >= f(n).
  void Append(int64_t value);

  // No less than the sum of f over `count` lengths of [0, n] whose sum is at most `total`, nor over
  // fewer.
  int64_t MostOfSum(int64_t count, int64_t total) const;

 private:
  struct Point {
    int64_t length;
    int64_t value;
  };

  std::vector<Point> corners_ = {{0, 0}};
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ENVELOPE_H_
