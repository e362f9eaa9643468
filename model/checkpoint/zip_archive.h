#ifndef DIFFUSER_MODEL_CHECKPOINT_ZIP_ARCHIVE_H_
#define DIFFUSER_MODEL_CHECKPOINT_ZIP_ARCHIVE_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

// The contents of an archive's entries by name, in place: nothing is copied.
using ZipEntries = std::map<std::string, Bytes, std::less<>>;

// Reads the central directory of a zip or zip64 archive whose entries are all stored (method 0, as
// torch.save writes them). CRCs are not checked. The entries point into `file`, which must outlive
// them; `origin` names it in messages.
// Errors: INVALID_ARGUMENT naming file and entry (truncated, out of bounds, compressed, encrypted,
// twice the same name).
absl::StatusOr<ZipEntries> ReadZip(Bytes file, absl::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_ZIP_ARCHIVE_H_
