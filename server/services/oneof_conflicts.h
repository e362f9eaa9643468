#ifndef DIFFUSER_SERVER_SERVICES_ONEOF_CONFLICTS_H_
#define DIFFUSER_SERVER_SERVICES_ONEOF_CONFLICTS_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/string_view.h"
#include "server/services/field_fault.h"

namespace diffuser::services {

// The messages within `bytes`, a message of `type`, that carry more than one field of a oneof:
// protobuf silently keeps the last of them. Their faults come in the order of the bytes. Reads tags
// and lengths alone; bytes that are no such message give what was found before they went wrong.
std::vector<FieldFault> FindOneofConflicts(absl::string_view bytes,
                                           const google::protobuf::Descriptor& type);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_ONEOF_CONFLICTS_H_
