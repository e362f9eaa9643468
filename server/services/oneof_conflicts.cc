#include "server/services/oneof_conflicts.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace diffuser::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// One message under way: what its oneofs hold so far, and how often its repeated fields came.
class MessageScan {
 public:
  MessageScan(const Descriptor& type, std::string path, std::vector<FieldFault>& faults)
      : type_(type), path_(std::move(path)), faults_(faults) {}

  // Reads to the stream's limit. False where the bytes are no message.
  bool Read(CodedInputStream& input) {
    while (const uint32_t tag = input.ReadTag()) {
      const FieldDescriptor* field =
          type_.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      if (field != nullptr) NoteOneof(*field);
      const bool is_message =
          field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE &&
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      const bool is_read =
          is_message ? ReadMessage(*field, input) : WireFormatLite::SkipField(&input, tag);
      if (!is_read) return false;
    }
    return input.ConsumedEntireMessage();
  }

 private:
  void NoteOneof(const FieldDescriptor& field) {
    const OneofDescriptor* oneof = field.real_containing_oneof();
    if (oneof == nullptr) return;
    const FieldDescriptor* first = held_.emplace(oneof, &field).first->second;
    if (first == &field) return;
    faults_.push_back({path_, absl::StrCat("has both ", first->name(), " and ", field.name(),
                                           "; expected one of them")});
  }

  bool ReadMessage(const FieldDescriptor& field, CodedInputStream& input) {
    std::string path = absl::StrCat(path_, path_.empty() ? "" : ".", field.name());
    if (field.is_repeated()) absl::StrAppend(&path, "[", counts_[&field]++, "]");
    const auto limit = input.ReadLengthAndPushLimit();
    MessageScan scan(*field.message_type(), std::move(path), faults_);
    return scan.Read(input) && input.CheckEntireMessageConsumedAndPopLimit(limit);
  }

  const Descriptor& type_;
  const std::string path_;
  std::vector<FieldFault>& faults_;
  std::map<const OneofDescriptor*, const FieldDescriptor*> held_;
  std::map<const FieldDescriptor*, int> counts_;
};

}  // namespace

std::vector<FieldFault> FindOneofConflicts(absl::string_view bytes, const Descriptor& type) {
  std::vector<FieldFault> faults;
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  MessageScan(type, "", faults).Read(input);
  return faults;
}

}  // namespace diffuser::services
