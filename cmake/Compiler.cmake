# Warnings, hardening and sanitizers, for every target alike.
add_compile_options(
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
	-Wmissing-prototypes -Wformat -Wformat-security -Wvla -fno-common -fno-omit-frame-pointer)
add_compile_definitions(_GNU_SOURCE SIPWARDEN_VERSION="${PROJECT_VERSION}")
if(SIPWARDEN_WERROR)
	add_compile_options(-Werror)
endif()
# Dependencies are listed once for all; each program links what it uses.
add_link_options(-Wl,--as-needed)

if(CMAKE_BUILD_TYPE STREQUAL "Release" OR
   CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
	add_compile_options(-fstack-protector-strong -fstack-clash-protection
		-fcf-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
	add_link_options(-Wl,-z,relro,-z,now -pie)
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()

if(SIPWARDEN_SANITIZE)
	add_compile_options(-fsanitize=${SIPWARDEN_SANITIZE}
		-fno-sanitize-recover=all)
	add_link_options(-fsanitize=${SIPWARDEN_SANITIZE})
	if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
		# Sanitizers hide from gcc that a value was set; the plain
		# build warns.
		add_compile_options(-Wno-maybe-uninitialized)
	endif()
	if(SIPWARDEN_SANITIZE MATCHES "address")
		# Arenas become one malloc each, so that overruns are seen.
		add_compile_definitions(ARENA_OF_MALLOCS=1)
	endif()
endif()
if(SIPWARDEN_SANITIZE OR SIPWARDEN_COVERAGE)
	# What they open and begin by themselves is on no program's list.
	add_compile_definitions(SIPWARDEN_INSTRUMENTED=1)
endif()
if(SIPWARDEN_FUZZ)
	# The product's own branches are what guides the fuzzers.
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SIPWARDEN_COVERAGE)
	# Threads count the same lines.
	add_compile_options(--coverage -fprofile-update=atomic)
	add_link_options(--coverage)
endif()
