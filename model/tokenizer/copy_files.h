#ifndef DIFFUSER_MODEL_TOKENIZER_COPY_FILES_H_
#define DIFFUSER_MODEL_TOKENIZER_COPY_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace diffuser::tokenizer {

// Copies the tokenizer in the folder `from` to the folder `to`, each file whole or not at all, and
// removes what another tokenizer has left in `to`: Tokenizer::Load would take that instead. The two
// may be the same folder. Returns the names of the files copied.
// Errors: those of MappedFile::Open but NOT_FOUND, and of FileWriter: RESOURCE_EXHAUSTED where the
// disk is full.
absl::StatusOr<std::vector<std::string>> CopyTokenizerFiles(const std::string& from,
                                                            const std::string& to);

}  // namespace diffuser::tokenizer

#endif  // DIFFUSER_MODEL_TOKENIZER_COPY_FILES_H_
