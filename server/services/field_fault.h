#ifndef DIFFUSER_SERVER_SERVICES_FIELD_FAULT_H_
#define DIFFUSER_SERVER_SERVICES_FIELD_FAULT_H_

#include <string>

namespace diffuser::services {

// What is wrong with one field of a request, as its bytes show before anything is computed.
struct FieldFault {
  std::string field;    // its path, as `documents[3].text`
  std::string problem;  // as "is not UTF-8"
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_FIELD_FAULT_H_
