#include "server/services/request_parser.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/common.h>

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "diffuser/v1/classification.pb.h"
#include "server/services/oneof_conflicts.h"

namespace diffuser::services {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::Reflection;

void AddWithDependencies(const FileDescriptor& file, DescriptorPool& pool) {
  if (pool.FindFileByName(file.name()) != nullptr) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddWithDependencies(*file.dependency(i), pool);
  FileDescriptorProto lenient;
  file.CopyTo(&lenient);
  for (auto& message : *lenient.mutable_message_type()) {
    for (FieldDescriptorProto& field : *message.mutable_field()) {
      if (field.type() == FieldDescriptorProto::TYPE_STRING) {
        field.set_type(FieldDescriptorProto::TYPE_BYTES);
      }
    }
  }
  pool.BuildFile(lenient);
}

// Clears every text of the message that is not UTF-8, and adds its fault to `faults`.
void ClearBadText(Message& message, const std::string& path, std::vector<FieldFault>& faults) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = absl::StrCat(path, path.empty() ? "" : ".", field->name());
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearBadText(*reflection.MutableRepeatedMessage(&message, field, i),
                     absl::StrCat(name, "[", i, "]"), faults);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ClearBadText(*reflection.MutableMessage(&message, field), name, faults);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
      if (IsUtf8(reflection.GetString(message, field))) continue;
      reflection.ClearField(&message, field);
      faults.push_back({name, "is not UTF-8"});
    }
  }
}

}  // namespace

RequestParser::RequestParser() {
  AddWithDependencies(*v1::ClassifyRequest::descriptor()->file(), lenient_types_);
}

absl::StatusOr<std::vector<FieldFault>> RequestParser::Parse(absl::string_view bytes,
                                                             Message& request) const {
  const int size = static_cast<int>(bytes.size());
  std::vector<FieldFault> faults = FindOneofConflicts(bytes, *request.GetDescriptor());
  if (request.ParseFromArray(bytes.data(), size)) return faults;
  const std::string& type = request.GetDescriptor()->full_name();
  const std::unique_ptr<Message> lenient(
      lenient_messages_.GetPrototype(lenient_types_.FindMessageTypeByName(type))->New());
  const size_t conflicts = faults.size();
  if (lenient->ParseFromArray(bytes.data(), size)) ClearBadText(*lenient, "", faults);
  if (faults.size() == conflicts || !request.ParseFromString(lenient->SerializeAsString())) {
    return absl::InvalidArgumentError(absl::StrCat("the message is no ", type));
  }
  return faults;
}

// Protobuf's own check: whatever it refuses a message for is found here, and nothing else.
bool IsUtf8(absl::string_view text) {
  return google::protobuf::internal::IsStructurallyValidUTF8(text.data(),
                                                             static_cast<int>(text.size()));
}

}  // namespace diffuser::services
