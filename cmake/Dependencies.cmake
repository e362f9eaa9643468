# Finds what the project builds with, or says what to install. `make setup` brings all of it.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
find_path(NLOHMANN_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
find_path(LIBCSV_INCLUDE csv.h REQUIRED)
find_library(LIBCSV csv REQUIRED)
add_library(libcsv INTERFACE)
target_include_directories(libcsv SYSTEM INTERFACE "${LIBCSV_INCLUDE}")
target_link_libraries(libcsv INTERFACE "${LIBCSV}")
find_path(UTF8CPP_INCLUDE utf8cpp/utf8.h REQUIRED)
add_library(utf8cpp INTERFACE)
target_include_directories(utf8cpp SYSTEM INTERFACE "${UTF8CPP_INCLUDE}")
add_library(nlohmann_json INTERFACE)
target_include_directories(nlohmann_json SYSTEM INTERFACE "${NLOHMANN_JSON_INCLUDE}")

if(DIFFUSER_WITH_TORCH)
  if(NOT EXISTS "${LIBTORCH}/lib/libtorch_cpu.so")
    message(FATAL_ERROR
      "No LibTorch at ${LIBTORCH}: run `make setup`, or name yours with LIBTORCH=DIR "
      "(DIR/lib/libtorch_cpu.so and DIR/include must be there).")
  endif()
  # LibTorch's own CMake config insists on a CUDA toolkit even for CPU use; the two libraries are enough.
  add_library(torch_cpu INTERFACE)
  target_include_directories(torch_cpu SYSTEM INTERFACE
    "${LIBTORCH}/include" "${LIBTORCH}/include/torch/csrc/api/include")
  # at::parallel_for is a header over OpenMP: without -fopenmp in our code it would run on one thread.
  target_compile_options(torch_cpu INTERFACE -fopenmp)
  target_link_libraries(torch_cpu INTERFACE "${LIBTORCH}/lib/libtorch_cpu.so" "${LIBTORCH}/lib/libc10.so")
  file(GLOB torch_openmp "${LIBTORCH}/lib/libgomp*.so*")
  target_link_libraries(torch_cpu INTERFACE ${torch_openmp})
endif()
