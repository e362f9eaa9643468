#ifndef DIFFUSER_SERVER_SERVICES_REQUEST_PARSER_H_
#define DIFFUSER_SERVER_SERVICES_REQUEST_PARSER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/services/field_fault.h"

namespace diffuser::services {

// Parses requests of the public API. Protobuf refuses a whole message for one string that is not
// UTF-8, and does not say which; and of two fields of a oneof it silently keeps the last. This
// parser names the field and keeps the rest, so that a bad document fails alone. For messages that
// are in order it costs little more than protobuf's own.
//
// Immutable and thread-safe.
class RequestParser {
 public:
  RequestParser();

  // Parses `bytes` into `request`, and returns what is wrong with single fields: texts that are not
  // UTF-8 (`documents[3].text`), which are left empty, and messages with more than one field of a
  // oneof (`documents[3]`). REQUIRES: a message type of diffuser/v1/classification.proto.
  // Errors: INVALID_ARGUMENT (no such message at all).
  absl::StatusOr<std::vector<FieldFault>> Parse(absl::string_view bytes,
                                                google::protobuf::Message& request) const;

 private:
  // The same message types with every string as bytes.
  google::protobuf::DescriptorPool lenient_types_;
  mutable google::protobuf::DynamicMessageFactory lenient_messages_;
};

// Whether the text is well-formed UTF-8: no surrogates, overlong forms or code points above
// U+10FFFF.
bool IsUtf8(absl::string_view text);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_REQUEST_PARSER_H_
