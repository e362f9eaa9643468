# diffuser_test(NAME SOURCES... DEPS... [TIMEOUT seconds]): one GoogleTest program, one ctest case per TEST.
# Golden vectors are found through DIFFUSER_GOLDEN, temporary files go where GoogleTest's TempDir points.
if(DIFFUSER_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()

# Tests run beside each other: OpenMP's threads must not spin for one another, as in the server.
set(diffuser_test_environment "OMP_WAIT_POLICY=PASSIVE")

# diffuser_test_narrow(NAME): the cases of a test program once more, with LibTorch and oneDNN kept to
# AVX2, so that a machine with AVX-512 checks both vector widths.
function(diffuser_test_narrow name)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "Avx2." TEST_LIST ${name}_narrow
    PROPERTIES TIMEOUT 240
      ENVIRONMENT "${diffuser_test_environment};ONEDNN_MAX_CPU_ISA=AVX2;ATEN_CPU_CAPABILITY=avx2")
endfunction()

function(diffuser_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE diffuser_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE DIFFUSER_GOLDEN="${PROJECT_SOURCE_DIR}/tests/golden/data")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${diffuser_test_environment}")
endfunction()

# diffuser_grpc_test(...): a diffuser_test whose program runs gRPC. gRPC and Abseil come precompiled: the
# thread sanitizer cannot see their locks and reports thousands of races that are none, so it is spared them.
function(diffuser_grpc_test)
  if(NOT DIFFUSER_SANITIZE MATCHES thread)
    diffuser_test(${ARGN})
  endif()
endfunction()
