#include "tests/testing/torch_file_writer.h"

#include "absl/strings/str_cat.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::testing {
namespace {

constexpr uint32_t kOnes32 = 0xffffffff;

template <typename T>
void Append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// What of an entry both its local and its central header hold, from the flags on.
void AppendCommonFields(std::string& out, const ZipOptions& options, uint32_t size,
                        size_t name_bytes, size_t extra_bytes) {
  Append<uint16_t>(out, options.flags);
  Append<uint16_t>(out, options.method);
  Append<uint32_t>(out, 0);  // time and date
  Append<uint32_t>(out, 0);  // crc
  Append<uint32_t>(out, size);
  Append<uint32_t>(out, size);
  Append<uint16_t>(out, name_bytes);
  Append<uint16_t>(out, extra_bytes);
}

std::string CentralRecord(const std::string& name, uint64_t size, uint64_t offset,
                          const ZipOptions& options) {
  std::string extra;
  if (options.zip64) {
    Append<uint16_t>(extra, 1);
    Append<uint16_t>(extra, 24);
    for (const uint64_t number : {size, size, offset}) Append(extra, number);
  }
  std::string out = "PK\x01\x02";
  Append<uint16_t>(out, 45);  // made by
  Append<uint16_t>(out, 45);  // needed
  AppendCommonFields(out, options, options.zip64 ? kOnes32 : size, name.size(), extra.size());
  out.append(10, '\0');  // comment, disk, attributes
  Append<uint32_t>(out, options.zip64 ? kOnes32 : offset);
  return absl::StrCat(out, name, extra);
}

void AppendEnd64(std::string& out, uint64_t entries, uint64_t size, uint64_t offset) {
  const uint64_t end64 = out.size();
  out += "PK\x06\x06";
  Append<uint64_t>(out, 44);  // bytes of this record that follow
  Append<uint32_t>(out, 0);   // versions
  Append<uint64_t>(out, 0);   // disks
  for (const uint64_t number : {entries, entries, size, offset}) Append(out, number);
  out += "PK\x06\x07";
  Append<uint32_t>(out, 0);
  Append<uint64_t>(out, end64);
  Append<uint32_t>(out, 1);
}

const char* StorageType(const std::string& dtype) {
  if (dtype == "F16") return "HalfStorage";
  if (dtype == "BF16") return "BFloat16Storage";
  if (dtype == "I64") return "LongStorage";
  return "FloatStorage";
}

// `tensor` of shape [rows, columns], column by column.
std::string Transposed(const FileTensor& tensor) {
  const int64_t element = checkpoint::ElementBytes(tensor.dtype);
  std::string out;
  for (int64_t column = 0; column < tensor.shape[1]; ++column) {
    for (int64_t row = 0; row < tensor.shape[0]; ++row) {
      out += tensor.data.substr((row * tensor.shape[1] + column) * element, element);
    }
  }
  return out;
}

std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

}  // namespace

std::string ZipFile(const std::vector<std::pair<std::string, std::string>>& entries,
                    const ZipOptions& options) {
  std::string out, directory;
  for (const auto& [name, content] : entries) {
    directory += CentralRecord(name, content.size(), out.size(), options);
    out += "PK\x03\x04";
    Append<uint16_t>(out, 45);
    AppendCommonFields(out, options, content.size(), name.size(), 0);
    absl::StrAppend(&out, name, content);
  }
  const uint64_t offset = out.size();
  out += directory;
  if (options.zip64) AppendEnd64(out, entries.size(), directory.size(), offset);
  out += "PK\x05\x06";
  Append<uint32_t>(out, 0);  // disks
  Append<uint16_t>(out, options.zip64 ? 0xffff : entries.size());
  Append<uint16_t>(out, options.zip64 ? 0xffff : entries.size());
  Append<uint32_t>(out, options.zip64 ? kOnes32 : directory.size());
  Append<uint32_t>(out, options.zip64 ? kOnes32 : offset);
  Append<uint16_t>(out, options.comment.size());
  return out + options.comment;
}

PickleWriter::PickleWriter(int protocol) : protocol_(protocol) {}

PickleWriter& PickleWriter::Op(absl::string_view opcode) {
  absl::StrAppend(&body_, opcode);
  return *this;
}

PickleWriter& PickleWriter::Int(int64_t number) {
  if (number >= 0 && number < 256) {
    body_ += 'K';
    Append<uint8_t>(body_, number);
  } else if (number >= 0 && number < 65536) {
    body_ += 'M';
    Append<uint16_t>(body_, number);
  } else if (number == static_cast<int32_t>(number)) {
    body_ += 'J';
    Append<int32_t>(body_, number);
  } else {
    body_ += "\x8a\x08";
    Append<int64_t>(body_, number);
  }
  return *this;
}

PickleWriter& PickleWriter::Text(absl::string_view text) {
  if (protocol_ >= 4 && text.size() < 256) {
    body_ += '\x8c';
    Append<uint8_t>(body_, text.size());
  } else {
    body_ += 'X';
    Append<uint32_t>(body_, text.size());
  }
  return Op(text);
}

PickleWriter& PickleWriter::Global(absl::string_view module, absl::string_view name) {
  if (protocol_ >= 4) return Text(module).Text(name).Op("\x93");
  absl::StrAppend(&body_, "c", module, "\n", name, "\n");
  return *this;
}

PickleWriter& PickleWriter::IntTuple(const std::vector<int64_t>& numbers) {
  if (numbers.empty()) return Op(")");
  if (numbers.size() > 3) Op("(");
  for (const int64_t number : numbers) Int(number);
  constexpr absl::string_view kTuples[] = {"\x85", "\x86", "\x87"};
  return Op(numbers.size() > 3 ? "t" : kTuples[numbers.size() - 1]);
}

std::string PickleWriter::Finish() {
  body_ += '.';
  std::string out = "\x80";
  Append<uint8_t>(out, protocol_);
  if (protocol_ >= 4) {
    out += '\x95';
    Append<uint64_t>(out, body_.size());
  }
  return out + body_;
}

void PickleTensor(const TensorView& view, bool is_parameter, PickleWriter& pickle) {
  if (is_parameter) pickle.Global("torch._utils", "_rebuild_parameter");
  pickle.Global("torch._utils", "_rebuild_tensor_v2").Op("(");
  pickle.Op("(").Text("storage").Global("torch", view.storage_type).Text(view.key);
  pickle.Text("cpu").Int(view.storage_elements).Op("tQ");
  pickle.Int(view.offset).IntTuple(view.shape).IntTuple(view.strides).Op("\x89");
  pickle.Global("collections", "OrderedDict").Op(")RtR");
  if (is_parameter) pickle.Op("\x88").Global("collections", "OrderedDict").Op(")R\x87R");
}

std::string TorchFile(const std::vector<FileTensor>& tensors, const TorchFileOptions& options) {
  PickleWriter pickle(options.protocol);
  pickle.Global("collections", "OrderedDict").Op(")Rq").Op(absl::string_view("\0(", 2));
  std::vector<std::pair<std::string, std::string>> entries = {{"model/data.pkl", ""},
                                                              {"model/byteorder", "little"}};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const FileTensor& tensor = tensors[i];
    const bool is_transposed = options.are_transposed && tensor.shape.size() == 2;
    TensorView view{StorageType(tensor.dtype),    absl::StrCat(i), 0, 0, tensor.shape,
                    RowMajorStrides(tensor.shape)};
    view.storage_elements = tensor.data.size() / checkpoint::ElementBytes(tensor.dtype);
    if (is_transposed) view.strides = {1, tensor.shape[0]};
    PickleTensor(view, options.are_parameters, pickle.Text(tensor.name));
    entries.emplace_back(absl::StrCat("model/data/", i),
                         is_transposed ? Transposed(tensor) : tensor.data);
  }
  // The state dict's attribute _metadata, as torch.nn.Module.state_dict leaves it.
  pickle.Op("u}").Text("_metadata").Op("}sb");
  entries.front().second = pickle.Finish();
  return ZipFile(entries, options.zip);
}

}  // namespace diffuser::testing
