#ifndef DIFFUSER_SERVER_SERVICES_REQUEST_ID_H_
#define DIFFUSER_SERVER_SERVICES_REQUEST_ID_H_

#include <string>

#include "absl/strings/string_view.h"

namespace diffuser::services {

// The id that a call goes by in the log and in the answer's metadata: the caller's x-request-id
// where it is 1 to 128 printable ASCII characters; else the trace id of a well-formed W3C
// traceparent; else a new random one. Empty views: not given.
std::string ChooseRequestId(absl::string_view x_request_id, absl::string_view traceparent);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_REQUEST_ID_H_
