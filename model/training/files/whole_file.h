#ifndef DIFFUSER_MODEL_TRAINING_FILES_WHOLE_FILE_H_
#define DIFFUSER_MODEL_TRAINING_FILES_WHOLE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace diffuser::training {

// Errors: NOT_FOUND, PERMISSION_DENIED and what else errno maps to; the message names the file.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// Writes `path` as a whole or not at all: into a file beside it (`path`.new), through to the disk,
// then in its place. After an error, or a crash, what was there before is there still.
// Errors: RESOURCE_EXHAUSTED (disk full), PERMISSION_DENIED and what else errno maps to; the
// message names the file.
absl::Status WriteWholeFile(const std::string& path, std::string_view text);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_FILES_WHOLE_FILE_H_
