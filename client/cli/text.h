#ifndef DIFFUSER_CLIENT_CLI_TEXT_H_
#define DIFFUSER_CLIENT_CLI_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace diffuser::cli {

// The byte where `text` stops being UTF-8 (overlong forms, surrogates and code points above
// U+10FFFF are none), or nullopt if all of it is.
std::optional<size_t> FindInvalidUtf8(absl::string_view text);

// Columns that `text` takes, counting one for each code point.
size_t DisplayWidth(absl::string_view text);

// `text` fit for one line of a terminal: control characters (which could steer it) and runs of
// white space become one space each, bytes that are no UTF-8 become '?'.
std::string Printable(absl::string_view text);

// The first or the last `characters` code points of `text`, which must be UTF-8.
absl::string_view FirstCharacters(absl::string_view text, size_t characters);
absl::string_view LastCharacters(absl::string_view text, size_t characters);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_TEXT_H_
