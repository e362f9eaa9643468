#ifndef DIFFUSER_SERVER_CONFIG_FIELDS_H_
#define DIFFUSER_SERVER_CONFIG_FIELDS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/server_config.pb.h"
#include "server/config/server_options.h"

namespace diffuser::config {

// Every setting, in the order of server_config.proto.
std::vector<const google::protobuf::FieldDescriptor*> Fields();

const FlagOptions& FlagOf(const google::protobuf::FieldDescriptor& field);

// What a value looks like, for --help: "HOST:PORT", "N", "exit|reload", ...
std::string ValueForm(const google::protobuf::FieldDescriptor& field);

// Sets the field (adds to a repeated one) from text. Errors: INVALID_ARGUMENT saying what is
// expected: "must be a whole number of at least 1".
absl::Status SetField(const google::protobuf::FieldDescriptor& field, absl::string_view text,
                      ServerConfig& config);

// Checks every field that is set. Errors: as SetField, behind the field's name.
absl::Status CheckFields(const ServerConfig& config);

// Takes every field that is set in `stronger` over into `config`, repeated ones whole.
void Overlay(const ServerConfig& stronger, ServerConfig& config);

// The defaults of all fields.
ServerConfig Defaults();

// Readers of field texts. REQUIRES: CheckFields passed.
ModelOption ToModel(absl::string_view text);
absl::Duration ToDuration(absl::string_view text);

}  // namespace diffuser::config

#endif  // DIFFUSER_SERVER_CONFIG_FIELDS_H_
