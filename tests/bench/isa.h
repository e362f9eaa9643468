#ifndef DIFFUSER_TESTS_BENCH_ISA_H_
#define DIFFUSER_TESTS_BENCH_ISA_H_

#include <string>

#include "absl/status/status.h"

namespace diffuser::bench {

inline constexpr char kNativeIsa[] = "native";

// Has all that computes in this process, and in its children, leave the instructions alone that a
// processor of `isa` lacks: "avx2" leaves AVX-512 out; "native" leaves out nothing. So what older
// processors would take can be compared on a newer one; their clocks and caches, of course, are
// others. REQUIRES: nothing has computed yet, in LibTorch or in Highway.
// Errors: INVALID_ARGUMENT naming the known ones, FAILED_PRECONDITION (this processor has no AVX2).
absl::Status LimitIsa(const std::string& isa);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_ISA_H_
