#include "model/checkpoint/stored_tensor.h"

#include <algorithm>

namespace diffuser::checkpoint {
namespace {

struct NamedSize {
  absl::string_view name;
  int64_t bytes;
};

constexpr NamedSize kTypes[] = {
    {"F32", 4},  {"F16", 2}, {"BF16", 2},  {"F64", 8},     {"I64", 8},     {"I32", 4},
    {"I16", 2},  {"I8", 1},  {"U64", 8},   {"U32", 4},     {"U16", 2},     {"U8", 1},
    {"BOOL", 1}, {"C64", 8}, {"C128", 16}, {"F8_E5M2", 1}, {"F8_E4M3", 1},
};

}  // namespace

int64_t ElementBytes(absl::string_view dtype) {
  const auto* type =
      std::find_if(std::begin(kTypes), std::end(kTypes),
                   [&](const NamedSize& candidate) { return candidate.name == dtype; });
  return type == std::end(kTypes) ? 0 : type->bytes;
}

std::optional<int64_t> ElementCount(absl::Span<const int64_t> shape) {
  // A zero anywhere makes the tensor empty, however large the other extents are.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) return std::nullopt;
  }
  return count;
}

}  // namespace diffuser::checkpoint
