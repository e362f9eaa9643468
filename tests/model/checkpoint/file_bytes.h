#ifndef DIFFUSER_TESTS_MODEL_CHECKPOINT_FILE_BYTES_H_
#define DIFFUSER_TESTS_MODEL_CHECKPOINT_FILE_BYTES_H_

#include <string>

#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

// A file's content as its readers take it. The result points into `content`.
inline Bytes FileBytes(const std::string& content) {
  return {reinterpret_cast<const std::byte*>(content.data()), content.size()};
}

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_TESTS_MODEL_CHECKPOINT_FILE_BYTES_H_
