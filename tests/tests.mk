# Tests, fuzzers, benches and analysers; included by the Makefile. All speak TAP under prove, and each names the promise it keeps.

TEST_PACKAGES = libcmocka-dev perl python3 procps age openssh-client openssh-server sqlite3 curl openssl gnutls-bin iproute2 strace \
	avahi-daemon avahi-utils dbus exfat-fuse exfatprogs valgrind clang libclang-rt-14-dev clang-tidy clang-format cppcheck chromium nodejs npm fonts-dejavu-core zbar-tools poppler-utils systemd slowhttptest wapiti \
	testssl.sh
# A test that hangs ends the stage, not the day.
PROVE = timeout -k 10 2400 prove --timer -f -o
FUZZ_TARGETS = $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 10
VALGRIND ?= quick
# What `make test` has time for: one of each kind. `make test-all` runs all, and under the sanitizers those that hand the hub what it must not believe.
SET ?= all
SYSTEM_QUICK = $(patsubst %,tests/system/test_%,story.py office.py matrix.py transfer.py attach.py audit.py practice.py plans.py urgent.py messages.py secrecy.py attacks.py \
	stock.py full_disk.py headquarters_only.py connect.py https.py strings.sh units.sh)
SYSTEM_SANITIZED = $(patsubst %,tests/system/test_%,story.py office.py secrecy.py attacks.py attacks_web.py bad_input.py bad_logs.py transfer.py refer.py attach.py)
BROWSER_QUICK = tests/browser/test_story.mjs tests/browser/test_connect.mjs
SYSTEM = $(sort $(wildcard tests/system/test_*.py tests/system/test_*.sh))

test-packages:
	@sh tests/packages.sh $(PACKAGES) $(TEST_PACKAGES)

# Everything that fits in ten minutes on two cores. T=age runs one test by its name and nothing else.
test: test-packages
ifdef T
	@$(MAKE) --no-print-directory test-one
else
	@sh tests/all.sh quick $(MAKE) $(B)
endif

test-all: test-packages
	@sh tests/all.sh full $(MAKE) $(B)

test-one: all unit $(SYSTEM_TOOLS)
	@found='$(filter %/test_$(T),$(UNIT_PROGRAMS)) $(filter %/test_$(T).py %/test_$(T).sh,$(SYSTEM))'; \
	[ -n "$$(echo $$found)" ] || { echo "no test is called $(T)"; exit 64; }; ENGABO=$(abspath $(B)/engabo) $(PROVE) -e '' $$found

test-unit: unit
	$(PROVE) -j2 -e '' $(if $(T),$(filter %/test_$(T),$(UNIT_PROGRAMS)),$(UNIT_PROGRAMS))

# Write any record as the office would, and revoke a hub, where no page or command does (yet); a bad line between two namespaces: for system tests.
SYSTEM_TOOLS = $(B)/tests/system/write $(B)/tests/system/revoke $(B)/tests/system/link
$(SYSTEM_TOOLS): %: %.o $(ARCHIVES)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(PKG_LIBS) -lzxcvbn -lpthread
test-tools: $(SYSTEM_TOOLS)
-include $(SYSTEM_TOOLS:=.d)

test-system: all $(SYSTEM_TOOLS)
	ENGABO=$(abspath $(B)/engabo) $(PROVE) -e '' $(if $(SANITIZE),$(SYSTEM_SANITIZED),$(if $(filter quick,$(SET)),$(SYSTEM_QUICK),$(SYSTEM)))

# What scanners of other people find: testssl.sh on all ports, wapiti on the public pages.
test-scan: all
	ENGABO=$(abspath $(B)/engabo) ENGABO_FULL=1 $(PROVE) -e '' tests/system/test_tls.py tests/system/test_wapiti.py

# The browser is Debian's; what drives it comes by npm, in the versions of package.json.
BROWSER_MODULES = tests/browser/node_modules/.package-lock.json
$(BROWSER_MODULES): tests/browser/package.json
	cd $(<D) && npm install --no-audit --no-fund --silent && touch $(@:tests/browser/%=%)
test-browser: all $(SYSTEM_TOOLS) $(BROWSER_MODULES)
	ENGABO=$(abspath $(B)/engabo) $(PROVE) -j2 -e node $(if $(filter quick,$(SET)),$(BROWSER_QUICK),$(sort $(wildcard tests/browser/test_$(or $(T),*).mjs)))

test-valgrind: unit
	sh tests/valgrind.sh $(VALGRIND) $(UNIT_PROGRAMS)

# libFuzzer targets: each is linked with the sources of its layer and below, all built once for fuzzing.
FUZZ_B = $(B)-fuzz
FUZZ_CFLAGS = -std=gnu17 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-unknown-warning-option $(PKG_CFLAGS)
FUZZ_OBJECTS = $(patsubst %.c,$(FUZZ_B)/%.o,$(filter-out web/server.c web/answer.c web/body.c web/upload.c web/peer.c web/standing.c web/backend.c web/static.c,$(SOURCES)))
FUZZ_LINKED = $(filter-out $(FUZZ_B)/sync/commands/% $(FUZZ_B)/web/commands/% $(FUZZ_B)/web/intake/% $(FUZZ_B)/web/office/% $(FUZZ_B)/sync/role.o $(FUZZ_B)/sync/discover.o,$(FUZZ_OBJECTS))
$(FUZZ_B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(filter-out -D_FORTIFY_SOURCE=2,$(CPPFLAGS)) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(FUZZ_B)/web/assets.o: $(B)/web/assets.c
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -c -o $@ $<
$(FUZZ_B)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_LINKED) $(FUZZ_B)/web/assets.o
	$(Q)clang $(filter-out -D_FORTIFY_SOURCE=2,$(CPPFLAGS)) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) -lzxcvbn -lpthread
fuzz-build: $(FUZZ_TARGETS:%=$(FUZZ_B)/fuzz_%)
fuzz-quick: fuzz-build
	sh tests/fuzz/run.sh $(FUZZ_B) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
fuzz: test-packages
	@$(MAKE) --no-print-directory fuzz-quick FUZZ_SECONDS=300
-include $(FUZZ_OBJECTS:.o=.d)

# Analysers: none may have anything to say.
check: check-quick check-gcc check-cppcheck check-tidy
check-quick: layers check-format check-strings
check-strings:
	@sh web/po/strings.sh check
check-format:
	@clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
check-gcc: $(patsubst %.c,$(B)-analyzer/%.o,$(SOURCES) node/main.c)
$(B)-analyzer/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) -D__clang_analyzer__ $(CPPFLAGS) $(ALL_CFLAGS) -fanalyzer -c -o $@ $<
check-cppcheck:
	@cppcheck --quiet -j2 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
		--suppress=unknownMacro --suppress=returnDanglingLifetime -I. -D__x86_64__ --std=c11 $(LAYERS) node/main.c
check-tidy:
	@printf '%s\n' $(SOURCES) node/main.c | xargs -P2 -n4 sh -c 'clang-tidy --quiet "$$@" -- $(CPPFLAGS) -std=gnu17 $(PKG_CFLAGS) 2>/dev/null' tidy

# Programs of the bench: floors, ours, the load, and the slow card that is loaded in front of them.
BENCH_PROGRAMS = $(patsubst %.c,$(B)/%,$(filter-out tests/bench/slowcard.c,$(sort $(wildcard tests/bench/*.c))))
$(BENCH_PROGRAMS): %: %.o $(ARCHIVES)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(PKG_LIBS) -lzxcvbn -lpthread
$(B)/tests/bench/slowcard.so: tests/bench/slowcard.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -shared -o $@ $< -ldl
bench-programs: $(BENCH_PROGRAMS) $(B)/tests/bench/slowcard.so
-include $(BENCH_PROGRAMS:=.d)
# The long ones: what `make test` samples, in full.
soak: test-packages
	@$(MAKE) --no-print-directory all unit test-tools
	ENGABO=$(abspath $(B)/engabo) ENGABO_FULL=1 $(PROVE) -e '' tests/system/test_steps.py
	ENGABO=$(abspath $(B)/engabo) ENGABO_KILLS=200 $(PROVE) -e '' tests/system/test_crash.py
	ENGABO=$(abspath $(B)/engabo) ENGABO_PULLS=100 $(PROVE) -e '' tests/system/test_stick.py
	ENGABO=$(abspath $(B)/engabo) ENGABO_FULL=1 $(PROVE) -e '' tests/system/test_flood.py $(B)/tests/unit/casework/test_casefile
	@$(MAKE) --no-print-directory fuzz-quick FUZZ_SECONDS=3600
	@$(MAKE) --no-print-directory test-valgrind VALGRIND=full

bench: test-packages
	@$(MAKE) --no-print-directory all bench-programs
	ENGABO=$(abspath $(B)/engabo) /usr/bin/python3 tests/bench/bench.py $(B)

.PHONY: test test-tools soak test-all test-one test-unit test-system test-scan test-browser test-valgrind test-packages fuzz fuzz-quick fuzz-build check check-quick check-format check-strings \
	check-gcc check-cppcheck check-tidy bench bench-programs
