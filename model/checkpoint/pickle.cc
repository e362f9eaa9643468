#include "model/checkpoint/pickle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/pickle_machine.h"

namespace diffuser::checkpoint {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kMostPickleBytes = 4 << 20;  // a large model's has some ten kilobytes

using Handler = void (*)(PickleMachine&);
struct Opcode {
  uint8_t code;
  Handler run;
};

constexpr uint8_t kStop = '.';

// By the names of Python's pickletools.
constexpr Opcode kOpcodes[] = {
    {0x80, [](PickleMachine& m) { m.CheckProtocol(); }},                                 // PROTO
    {0x95, [](PickleMachine& m) { m.Take(8); }},                                         // FRAME
    {'(', [](PickleMachine& m) { m.Mark(); }},                                           // MARK
    {'N', [](PickleMachine& m) { m.Push(Kind::kNone); }},                                // NONE
    {0x88, [](PickleMachine& m) { m.PushNumber(Kind::kBool, 1); }},                      // NEWTRUE
    {0x89, [](PickleMachine& m) { m.PushNumber(Kind::kBool, 0); }},                      // NEWFALSE
    {'J', [](PickleMachine& m) { m.PushNumber(Kind::kInt, m.TakeNumber<int32_t>()); }},  // BININT
    {'K', [](PickleMachine& m) { m.PushNumber(Kind::kInt, m.TakeNumber<uint8_t>()); }},  // BININT1
    {'M', [](PickleMachine& m) { m.PushNumber(Kind::kInt, m.TakeNumber<uint16_t>()); }},  // BININT2
    {0x8a, [](PickleMachine& m) { m.PushLong(m.TakeNumber<uint8_t>()); }},                // LONG1
    {'G', [](PickleMachine& m) { m.Take(8), m.Push(Kind::kFloat); }},        // BINFLOAT
    {'X', [](PickleMachine& m) { m.PushText(m.TakeNumber<uint32_t>()); }},   // BINUNICODE
    {0x8c, [](PickleMachine& m) { m.PushText(m.TakeNumber<uint8_t>()); }},   // SHORT_BINUNICODE
    {0x8d, [](PickleMachine& m) { m.PushText(m.TakeNumber<uint64_t>()); }},  // BINUNICODE8
    {')', [](PickleMachine& m) { m.PushTuple(0); }},                         // EMPTY_TUPLE
    {0x85, [](PickleMachine& m) { m.PushTuple(1); }},                        // TUPLE1
    {0x86, [](PickleMachine& m) { m.PushTuple(2); }},                        // TUPLE2
    {0x87, [](PickleMachine& m) { m.PushTuple(3); }},                        // TUPLE3
    {'t', [](PickleMachine& m) { m.PushMarkedTuple(); }},                    // TUPLE
    {']', [](PickleMachine& m) { m.Push(Kind::kList); }},                    // EMPTY_LIST
    {'a', [](PickleMachine& m) { m.Extend(Kind::kList, {m.Pop()}); }},       // APPEND
    {'e', [](PickleMachine& m) { m.Extend(Kind::kList, m.PopToMark()); }},   // APPENDS
    {'}', [](PickleMachine& m) { m.Push(Kind::kDict); }},                    // EMPTY_DICT
    {'s', [](PickleMachine& m) { m.SetItem(); }},                            // SETITEM
    {'u', [](PickleMachine& m) { m.Extend(Kind::kDict, m.PopToMark()); }},   // SETITEMS
    {'q', [](PickleMachine& m) { m.Memoize(m.TakeNumber<uint8_t>()); }},     // BINPUT
    {'r', [](PickleMachine& m) { m.Memoize(m.TakeNumber<uint32_t>()); }},    // LONG_BINPUT
    {0x94, [](PickleMachine& m) { m.MemoizeNext(); }},                       // MEMOIZE
    {'h', [](PickleMachine& m) { m.Recall(m.TakeNumber<uint8_t>()); }},      // BINGET
    {'j', [](PickleMachine& m) { m.Recall(m.TakeNumber<uint32_t>()); }},     // LONG_BINGET
    {'c',
     [](PickleMachine& m) {
       const absl::string_view module = m.TakeLine();
       m.PushGlobal(module, m.TakeLine());
     }},                                                        // GLOBAL
    {0x93, [](PickleMachine& m) { m.PushGlobalFromStack(); }},  // STACK_GLOBAL
    {'R', [](PickleMachine& m) { m.Reduce(); }},                // REDUCE
    {'b', [](PickleMachine& m) { m.Build(); }},                 // BUILD
    {'Q', [](PickleMachine& m) { m.MakePersistent(); }},        // BINPERSID
};

// Runs the next opcode; false once it was STOP.
bool Step(PickleMachine& machine) {
  const uint8_t code = machine.TakeOpcode();
  if (code == kStop) return false;
  const auto* opcode = std::find_if(std::begin(kOpcodes), std::end(kOpcodes),
                                    [code](const Opcode& known) { return known.code == code; });
  if (opcode != std::end(kOpcodes)) {
    opcode->run(machine);
  } else {
    machine.Fail(
        absl::StrFormat("found opcode 0x%02x, expected those of a state dict; "
                        "a pickle is never executed",
                        code));
  }
  return true;
}

}  // namespace

absl::StatusOr<PickleArena> ReadPickle(Bytes pickle, absl::Span<const absl::string_view> allowed,
                                       absl::string_view origin) {
  if (pickle.size() > kMostPickleBytes) {
    return Invalid(origin, absl::StrCat("pickle: found ", pickle.size(),
                                        " bytes, expected at most ", kMostPickleBytes));
  }
  PickleMachine machine(pickle, allowed, origin);
  while (machine.status().ok() && Step(machine)) {
  }
  return machine.Finish();
}

std::string Describe(const PickleValue& value) {
  switch (value.kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return "a bool";
    case Kind::kInt:
      return absl::StrCat(value.number);
    case Kind::kFloat:
      return "a float";
    case Kind::kString:
      return absl::StrCat("\"", Printable(value.text), "\"");
    case Kind::kTuple:
      return absl::StrCat("a tuple of ", value.items.size());
    case Kind::kList:
      return absl::StrCat("a list of ", value.items.size());
    case Kind::kDict:
      return absl::StrCat("a dict of ", value.items.size() / 2);
    case Kind::kGlobal:
      return Printable(value.text);
    case Kind::kPersistent:
      return "a storage";
    case Kind::kCall:
      return absl::StrCat("a call of ", Printable(value.text));
  }
  return "";
}

}  // namespace diffuser::checkpoint
