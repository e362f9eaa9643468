#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_LINE_FIELDS_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_LINE_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace diffuser::training {

// A field of the objects in a file of JSON lines, by line number from 1: strings as they are, other
// values as JSON writes them. Lines without it, or that hold no object, are passed over: whoever
// reads the examples reports them.
// Errors: those of MappedFile::Open.
absl::StatusOr<absl::flat_hash_map<int64_t, std::string>> ReadLineField(const std::string& path,
                                                                        const std::string& field);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_LINE_FIELDS_H_
