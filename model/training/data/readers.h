#ifndef DIFFUSER_MODEL_TRAINING_DATA_READERS_H_
#define DIFFUSER_MODEL_TRAINING_DATA_READERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/training/data/examples.h"

// One reader for each form that ReadExamples knows; the contract of each is there.
namespace diffuser::training {

// `text` is the whole file, without a byte order mark.
absl::StatusOr<ExampleFile> ReadJsonLines(const std::string& path, absl::string_view text);

// `separator` stands between columns.
absl::StatusOr<ExampleFile> ReadCsv(const std::string& path, absl::string_view text, char separator,
                                    const ReadOptions& options);

absl::StatusOr<ExampleFile> ReadFolder(const std::string& path);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_READERS_H_
