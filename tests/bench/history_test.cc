#include "tests/bench/history.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/results_json.h"
#include "tests/bench/sample_run.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

TEST(History, KeepsEveryFieldOfEveryRun) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path("history.jsonl");
  RunResult later = SampleRun();
  later.date = "2026-02-28T12:00:00+00:00";
  later.reused_floor_memory = false;
  ASSERT_TRUE(AppendToHistory(path, SampleRun()).ok());
  ASSERT_TRUE(AppendToHistory(path, later).ok());
  const auto runs = ReadHistory(path);
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_THAT(*runs, SizeIs(2));
  EXPECT_EQ(ToJson((*runs)[0]), ToJson(SampleRun()));
  EXPECT_EQ(ToJson((*runs)[1]), ToJson(later));
  EXPECT_TRUE((*runs)[0].reused_floor_memory);
  EXPECT_FALSE((*runs)[1].reused_floor_memory);
  EXPECT_EQ((*runs)[0].engines[1].cases[2].one_by_one, SampleRun().engines[1].cases[2].one_by_one);
  EXPECT_EQ((*runs)[0].engines[0].cases[0].peak_bytes, std::nullopt);
  EXPECT_EQ((*runs)[0].engines[0].cases[1].peak_bytes, 200'000'000);
}

TEST(History, KeepsWhatIsMeasuredOnADevice) {
  RunResult run = SampleRun();
  run.machine.device = "Example GPU";
  run.engines[0].device_bytes = 5;
  run.engines[0].cases[0].work = {{"attention", {.operations = 4, .bytes = 3}}};
  const auto read = ParseRun(ToJson(run).dump(), "here");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read), ToJson(run));
  EXPECT_EQ(read->machine.device, "Example GPU");
  EXPECT_EQ(read->engines[0].device_bytes, 5);
  EXPECT_EQ(read->engines[0].cases[0].work.at("attention").bytes, 3);
}

TEST(History, ReadsRunsFromBeforeThereWereDevices) {
  nlohmann::ordered_json json = ToJson(SampleRun());
  json["machine"].erase("device");
  EXPECT_EQ(ParseRun(json.dump(), "here")->machine.device, "cpu");
}

TEST(History, TellsReadersWhatTheSamplesCameTo) {
  const nlohmann::ordered_json json = ToJson(SampleRun());
  const auto& longest = json.at("engines").at(0).at("cases").at(1);
  EXPECT_DOUBLE_EQ(longest.at("median_engine_seconds"), 3.75);
  EXPECT_DOUBLE_EQ(longest.at("ratio_to_floor").at("median"), 1.25);
  EXPECT_DOUBLE_EQ(json.at("requirements").at(0).at("reached").at("median"), 1.25);
}

TEST(History, NamesTheLineThatHoldsNoRun) {
  const testing::TemporaryFolder folder;
  const std::string line = ToJson(SampleRun()).dump();
  const std::string path =
      folder.Write("history.jsonl", line + "\n\n" + line + "\n{\"date\": 3}\n");
  EXPECT_THAT(MessageOf(ReadHistory(path).status()), HasSubstr("history.jsonl, line 4: "));
  EXPECT_THAT(MessageOf(ReadHistory(folder.Write("cut.jsonl", line.substr(0, 80))).status()),
              HasSubstr("cut.jsonl, line 1"));
  EXPECT_EQ(ReadHistory(folder.path("none")).status().code(), absl::StatusCode::kNotFound);
}

TEST(History, RefusesSamplesThatCannotBeCompared) {
  RunResult run = SampleRun();
  nlohmann::ordered_json json = ToJson(run);
  json["engines"][0]["cases"][0]["floor_seconds"] = {1.0};
  EXPECT_THAT(MessageOf(ParseRun(json.dump(), "here").status()),
              HasSubstr("here: case 512: expected as many seconds"));
}

TEST(CheckWritable, SaysWhyNot) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(CheckWritable(folder.path("new")).ok());
  EXPECT_TRUE(CheckWritable(folder.Write("old", "text")).ok());
  EXPECT_EQ(testing::ReadFile(folder.path("old")), "text");
  EXPECT_THAT(MessageOf(CheckWritable(folder.path("no/such/file"))), HasSubstr("No such file"));
  EXPECT_THAT(MessageOf(CheckWritable(folder.path())), HasSubstr("is a folder"));
}

TEST(PlotHistory, DrawsAPanelForEachPrecision) {
  RunResult later = SampleRun();
  later.date = "2026-02-28T12:00:00+00:00";
  later.engines[0].cases[1] = SampleCase("4096", 4096, 1.125);
  const std::string svg = PlotHistory({SampleRun(), later});
  EXPECT_THAT(svg, HasSubstr(">base, float32 / float32 linear layers alone<"));
  EXPECT_THAT(svg, HasSubstr(">base, bfloat16 / bfloat16 linear layers alone<"));
  EXPECT_THAT(svg, HasSubstr(">4096 1.125<"));
  EXPECT_THAT(svg, HasSubstr(">4096 1.25<"));
  EXPECT_THAT(svg, HasSubstr(">runs from 2026-01-31 to 2026-02-28<"));
}

TEST(PlotHistory, LeavesOtherMachinesAndFloorsOut) {
  RunResult other_machine = SampleRun();
  other_machine.machine.processor = "Another CPU";
  other_machine.date = "2025-01-31T12:00:00+00:00";
  RunResult other_floor = SampleRun();
  other_floor.reused_floor_memory = false;
  other_floor.date = "2025-02-28T12:00:00+00:00";
  RunResult other_device = SampleRun();
  other_device.machine.device = "Example GPU";
  other_device.date = "2025-03-31T12:00:00+00:00";
  const std::string svg = PlotHistory({other_machine, other_floor, other_device, SampleRun()});
  EXPECT_THAT(svg, HasSubstr(">runs from 2026-01-31 to 2026-01-31<"));
  EXPECT_THAT(svg, Not(HasSubstr("2025")));
}

}  // namespace
}  // namespace diffuser::bench
