"""Tests the checker on made-up sources, then the project's own sources with it."""

import pathlib
import unittest

import include_arrows

ROOT = pathlib.Path(__file__).resolve().parents[2]


def violations_of(**files):
    """The violations in files named as keyword arguments: model__a_h stands for model/a.h."""
    sources = {}
    for name, includes in files.items():
        path = ".".join(name.replace("__", "/").rsplit("_", 1))
        sources[path] = "".join(f'#include "{include}"\n' for include in includes)
    return include_arrows.find_violations(sources)


class CheckerTest(unittest.TestCase):
    def test_accepts_what_the_design_allows(self):
        self.assertEqual(
            violations_of(
                model__layers__a_cc=["ATen/core/Tensor.h", "model/graph/b.h"],
                server__batching__a_cc=["model/classifier.h", "model/tokenizer/tokenizer.h"],
                server__services__a_cc=["diffuser/v1/classification.grpc.pb.h"],
                client__a_cc=["diffuser/v1/classification.grpc.pb.h", "grpcpp/grpcpp.h"]), [])

    def test_refuses_each_forbidden_arrow(self):
        for files in (
                {"model__a_cc": ["server/pipeline/pipeline.h"]},
                {"model__a_cc": ["grpcpp/grpcpp.h"]},
                {"model__a_cc": ["diffuser/v1/classification.pb.h"]},
                {"model__graph__a_cc": ["torch/torch.h"]},
                {"model__kernels__a_cc": ["ATen/ops/empty.h"]},
                {"model__checkpoint__a_cc": ["c10/core/Device.h"]},
                {"model__tokenizer__a_cc": ["torch/torch.h"]},
                {"model__checkpoint__a_cc": ["model/training/trainer.h"]},
                {"model__training__data__a_cc": ["ATen/ops/empty.h"]},
                {"model__training__evaluation__a_cc": ["torch/torch.h"]},
                {"model__training__report__a_cc": ["c10/core/Device.h"]},
                {"model__training__convert__a_cc": ["torch/torch.h"]},
                {"model__training__cli__a_cc": ["torch/torch.h"]},
                {"model__training__data__a_cc": ["model/training/cli/cli.h"]},
                {"model__training__evaluation__a_cc": ["model/training/report/axis.h"]},
                {"server__models__a_cc": ["model/training/trainer.h"]},
                {"server__config__a_cc": ["torch/torch.h"]},
                {"server__services__a_cc": ["model/layers/encoder.h"]},
                {"server__services__a_cc": ["client/client.h"]},
                {"server__batching__a_cc": ["google/protobuf/message.h"]},
                {"server__execution__a_cc": ["grpcpp/grpcpp.h"]},
                {"server__pipeline__a_cc": ["diffuser/v1/classification.pb.h"]},
                {"server__models__a_cc": ["diffuser/v1/classification.pb.h"]},
                {"client__a_cc": ["model/model_config.h"]},
                {"client__a_cc": ["server/config/config.h"]},
                {"client__a_cc": ["ATen/ops/empty.h"]},
                {"server__a_cc": ["tests/testing/fake_clock.h"]}):
            with self.subTest(files=files):
                self.assertEqual(len(violations_of(**files)), 1)

    def test_follows_headers(self):
        found = violations_of(
            server__batching__a_cc=["server/services/b.h"],
            server__services__b_h=["grpcpp/grpcpp.h"])
        self.assertEqual(len(found), 1)
        self.assertIn("server/batching/a.cc -> server/services/b.h -> grpcpp/grpcpp.h", found[0])

    def test_refuses_torch_and_grpc_in_one_translation_unit(self):
        found = violations_of(
            tests__a_cc=["grpcpp/grpcpp.h", "model/layers/b.h"],
            model__layers__b_h=["torch/torch.h"])
        self.assertEqual(found, ["tests/a.cc: includes both LibTorch and gRPC"])

    def test_refuses_long_files(self):
        lengths = {"model/a.h": 201, "model/b.cc": 300, "model/c.cc": 301, "model/d-inl.h": 300}
        found = include_arrows.find_violations(
            {path: "\n" * length for path, length in lengths.items()})
        self.assertEqual([line.split(":")[0] for line in found], ["model/a.h", "model/c.cc"])


class ProjectTest(unittest.TestCase):
    def test_the_projects_sources_obey_the_design(self):
        sources = include_arrows.read_sources(ROOT)
        self.assertIn("server/batching/policy.h", sources)
        self.assertEqual(include_arrows.find_violations(sources), [])


if __name__ == "__main__":
    unittest.main()
