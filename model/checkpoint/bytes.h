#ifndef DIFFUSER_MODEL_CHECKPOINT_BYTES_H_
#define DIFFUSER_MODEL_CHECKPOINT_BYTES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace diffuser::checkpoint {

static_assert(std::endian::native == std::endian::little,
              "checkpoint files are little-endian and are read in place");

using Bytes = absl::Span<const std::byte>;

// bytes[offset, offset + size), or nothing where that leaves `bytes`; no sum overflows.
inline std::optional<Bytes> Slice(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, size);
}

// The little-endian number at `offset`, which need not be aligned.
// REQUIRES: offset + sizeof(T) <= bytes.size().
template <typename T>
T LoadLittleEndian(Bytes bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

inline absl::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_BYTES_H_
