#ifndef DIFFUSER_MODEL_CHECKPOINT_PICKLE_H_
#define DIFFUSER_MODEL_CHECKPOINT_PICKLE_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

// One value of a pickle, as data: a call is a node that names what would be called, never a call.
// `items` may make a cycle, so whoever walks them goes only as deep as the form it expects.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        // number is 0 or 1
    kInt,         // number
    kFloat,       // its value is not kept
    kString,      // text
    kTuple,       // items
    kList,        // items
    kDict,        // items: key, value, key, value; an OrderedDict too
    kGlobal,      // text: "module.name"
    kPersistent,  // items: one, the persistent id
    kCall,        // text: "module.name"; items: one, the tuple of arguments
  };

  Kind kind = Kind::kNone;
  int64_t number = 0;
  absl::string_view text;
  std::vector<const PickleValue*> items;
};

// Owns every value of one pickle; `root` and all items point into it. Texts point into the pickle's
// bytes or into the arena.
struct PickleArena {
  std::deque<PickleValue> values;
  std::deque<std::string> names;
  const PickleValue* root = nullptr;
};

// Reads a pickle of protocol 2 to 5 with the opcodes that torch.save uses for a state dict. Only
// the names in `allowed` ("module.name") may occur as globals. Nothing is imported or executed.
//
// The values point into `pickle`, which must outlive them; `origin` names it in messages.
// Errors: INVALID_ARGUMENT (truncated, malformed, or an opcode or global that has no place in a
// state dict; the message names it).
absl::StatusOr<PickleArena> ReadPickle(Bytes pickle, absl::Span<const absl::string_view> allowed,
                                       absl::string_view origin);

// In messages: "an integer", "a tuple of 3", "a call of torch.device".
std::string Describe(const PickleValue& value);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_PICKLE_H_
