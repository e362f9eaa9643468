#ifndef DIFFUSER_CLIENT_CLI_DOCUMENTS_H_
#define DIFFUSER_CLIENT_CLI_DOCUMENTS_H_

#include <cstddef>
#include <istream>
#include <string>

#include "absl/status/statusor.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::cli {

struct DocumentFormat {
  bool token_ids = false;  // whitespace-separated numbers instead of text
  size_t max_bytes = 64 << 20;
};

// Reads the file `path`, or all of `in` where it is "-", as one document; its id is `path`.
// Errors (each says what is wrong, without the path): NOT_FOUND if it cannot be read,
// INVALID_ARGUMENT if it is a directory, empty, too long, not UTF-8 or not token ids.
absl::StatusOr<v1::Document> ReadDocument(const std::string& path, std::istream& in,
                                          const DocumentFormat& format);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_DOCUMENTS_H_
