#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/state_dict.h"
#include "model/checkpoint/torch_file.h"
#include "tests/model/checkpoint/file_bytes.h"
#include "tests/model/checkpoint/small_config.h"
#include "tests/testing/checkpoint_writer.h"
#include "tests/testing/torch_file_writer.h"

// Files cut short or with changed bytes must be refused, or read within their bounds: the readers
// get each as a heap block of exactly its size, so that the address sanitizer sees a step outside.
namespace diffuser::checkpoint {
namespace {

using testing::RandomTensors;

// Every kind of tensor once, for many readings.
model::ModelConfig OneLayerConfig() {
  model::ModelConfig config = SmallConfig();
  config.num_layers = 1;
  return config;
}

using Reader = absl::StatusOr<StoredTensors> (*)(Bytes file, absl::string_view origin);

// Reads the file and, where it is taken, every number in it. True where it was taken.
bool TryToRead(Reader read, const std::string& content) {
  const std::vector<std::byte> file(FileBytes(content).begin(), FileBytes(content).end());
  absl::StatusOr<StoredTensors> stored = read(file, "file");
  if (!stored.ok()) {
    EXPECT_EQ(stored.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(stored.status().message().find('\n'), absl::string_view::npos);
    return false;
  }
  const absl::StatusOr<StateDict> state =
      MakeStateDict(OneLayerConfig(), *std::move(stored), "file");
  if (!state.ok()) return false;
  for (const auto& [name, tensor] : state->tensors) {
    std::vector<float> numbers(tensor.elements());
    tensor.CopyTo(absl::MakeSpan(numbers));
  }
  return true;
}

// Every length in [0, dense) and every `step`-th beyond.
void ExpectEveryCutIsRefused(Reader read, const std::string& file, size_t dense, size_t step) {
  for (size_t length = 0; length < file.size(); length += length < dense ? 1 : step) {
    EXPECT_FALSE(TryToRead(read, file.substr(0, length))) << length;
  }
}

// Flips a low bit, the sign bit and all bits of every byte in [begin, end).
void SurviveFlips(Reader read, std::string file, size_t begin, size_t end) {
  for (size_t at = begin; at < end; ++at) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      file[at] ^= mask;
      TryToRead(read, file);
      file[at] ^= mask;
    }
  }
  EXPECT_TRUE(TryToRead(read, file));
}

// Several random bytes at once, the same ones in every run.
void SurviveRandomBytes(Reader read, const std::string& file, size_t begin, size_t end) {
  std::mt19937 generator(1);
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = file;
    for (int i = 0; i < 4; ++i) {
      damaged[begin + generator() % (end - begin)] = static_cast<char>(generator());
    }
    TryToRead(read, damaged);
  }
  EXPECT_TRUE(TryToRead(read, file));
}

size_t HeaderEnd(const std::string& file) {
  return sizeof(uint64_t) + LoadLittleEndian<uint64_t>(FileBytes(file), 0);
}

std::string SmallSafetensors() {
  return testing::SafetensorsFile(RandomTensors(OneLayerConfig(), 1));
}

std::string SmallTorchFile(int protocol, bool zip64) {
  testing::TorchFileOptions options;
  options.protocol = protocol;
  options.are_parameters = zip64;
  options.are_transposed = zip64;
  options.zip.zip64 = zip64;
  return testing::TorchFile(RandomTensors(OneLayerConfig(), 1), options);
}

TEST(DamagedSafetensors, RefusesEveryCut) {
  const std::string file = SmallSafetensors();
  ExpectEveryCutIsRefused(ReadSafetensors, file, HeaderEnd(file), 101);
}

TEST(DamagedSafetensors, SurvivesChangedHeaderBytes) {
  const std::string file = SmallSafetensors();
  SurviveFlips(ReadSafetensors, file, 0, HeaderEnd(file));
  SurviveRandomBytes(ReadSafetensors, file, 0, HeaderEnd(file));
}

TEST(DamagedTorchFile, RefusesEveryCut) {
  ExpectEveryCutIsRefused(ReadTorchFile, SmallTorchFile(2, /*zip64=*/false), 5000, 11);
  ExpectEveryCutIsRefused(ReadTorchFile, SmallTorchFile(4, /*zip64=*/true), 5000, 11);
}

TEST(DamagedTorchFile, SurvivesChangedPickleBytes) {
  for (const int protocol : {2, 4}) {
    const std::string file = SmallTorchFile(protocol, /*zip64=*/protocol == 4);
    const size_t end = file.find("model/byteorder");
    SurviveFlips(ReadTorchFile, file, 0, end);
    SurviveRandomBytes(ReadTorchFile, file, 0, end);
  }
}

TEST(DamagedTorchFile, SurvivesChangedDirectoryBytes) {
  for (const bool zip64 : {false, true}) {
    const std::string file = SmallTorchFile(2, zip64);
    const size_t directory = file.find("PK\x01\x02");
    SurviveFlips(ReadTorchFile, file, directory, file.size());
    SurviveRandomBytes(ReadTorchFile, file, directory, file.size());
  }
}

// Once more through the mapping: a file whose end is a page's end has nothing behind it.
TEST(DamagedCheckpoint, RefusesEveryCutOfTheMappedFile) {
  const std::string dir = absl::StrCat(::testing::TempDir(), "/damaged_checkpoint_", getpid());
  std::filesystem::remove_all(dir);
  ASSERT_TRUE(testing::WriteRandomCheckpoint(dir, OneLayerConfig(), 1).ok());
  ASSERT_TRUE(Checkpoint::Open(dir).ok());
  const std::string path = dir + "/model.safetensors";
  for (size_t size = std::filesystem::file_size(path); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    const absl::Status status = Checkpoint::Open(dir).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_NE(status.message().find(path), absl::string_view::npos);
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace diffuser::checkpoint
