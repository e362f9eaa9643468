# The kernels for CUDA devices, where their compiler is there; `make setup` and `setup.sh cuda` bring it.
# Nothing else needs it: who opens libdiffuser_cuda.so does so at run time.
set(DIFFUSER_CUDA "${DIFFUSER_DEPS}/cuda" CACHE PATH "The CUDA compiler: a folder with bin/nvcc")
set(DIFFUSER_WITH_CUDA AUTO CACHE STRING
  "Build the kernels for CUDA devices: ON, OFF, or AUTO, which is ON where their compiler is")
if(DIFFUSER_WITH_CUDA STREQUAL AUTO)
  # Not kept in the cache: the compiler may come later.
  set(DIFFUSER_WITH_CUDA OFF)
  if(EXISTS "${DIFFUSER_CUDA}/bin/nvcc")
    set(DIFFUSER_WITH_CUDA ON)
  endif()
endif()
set(DIFFUSER_CUDA_ARCHITECTURES 80-real 90-real 100-real 100-virtual CACHE STRING
  "What the kernels are compiled for: A100, H100, B200, and PTX for what comes after them")

if(DIFFUSER_WITH_CUDA)
  set(CMAKE_CUDA_COMPILER "${DIFFUSER_CUDA}/bin/nvcc")
  set(CMAKE_CUDA_ARCHITECTURES ${DIFFUSER_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  enable_language(CUDA)
  # CMake 3.25 knows of no C++20 for an nvcc that is newer than itself.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA_STANDARD 20)
endif()
