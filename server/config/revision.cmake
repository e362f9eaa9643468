# Writes OUT with the version and the source's revision, and touches it only when they change.
# REVISION, where given, is taken as it is: for builds outside a git checkout.
if(NOT REVISION)
  execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
    OUTPUT_VARIABLE REVISION OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT REVISION)
  set(REVISION unknown)
endif()
file(CONFIGURE OUTPUT "${OUT}" CONTENT
"#define DIFFUSER_VERSION \"${VERSION}\"
#define DIFFUSER_REVISION \"${REVISION}\"
")
