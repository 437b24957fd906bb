# engabo. `make help` lists what there is. Everything is built below $(B); `make B=build/mine` keeps apart what two people build at once.
#   SANITIZE=1   gcc with ASan and UBSan, into its own folder
#   V=1          shows each command

B ?= build
CC = gcc
Q = $(if $(V),,@)
ifdef SANITIZE
  override B := $(B)-sanitized
  SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

PACKAGES = gcc libc6-dev pkg-config git openssh-client libsqlite3-dev libsodium-dev libmicrohttpd-dev libgit2-dev libavahi-client-dev \
	libjansson-dev libinih-dev libtalloc-dev libgnutls28-dev zlib1g-dev libsystemd-dev libzxcvbn-dev libqrencode-dev gettext
LIBRARIES = sqlite3 libsodium libmicrohttpd libgit2 avahi-client jansson inih talloc gnutls zlib libsystemd libqrencode
ifeq ($(wildcard /usr/include/zlib.h),)
  PKG_CFLAGS =
else
  PKG_CFLAGS := $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
  PKG_LIBS := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null)
endif

# No clock is believed that says less: a day before the newest commit, since its author's clock may be ahead.
BUILD_SECONDS := $(shell expr $$(git log -1 --format=%ct 2>/dev/null || echo 1763856000) - 86400)
WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 \
	-Wvla -Wundef -Wno-unused-parameter
CFLAGS = -O2 -g
CPPFLAGS = -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_FORTIFY_SOURCE=2
ALL_CFLAGS = -std=gnu17 $(WARNINGS) $(CFLAGS) $(SANITIZERS) -fstack-protector-strong -fPIE $(PKG_CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(SANITIZERS) $(LDFLAGS)
ifdef SANITIZE
  CPPFLAGS := $(filter-out -D_FORTIFY_SOURCE=2,$(CPPFLAGS))
endif

# The layers, lowest first: a folder may include from those before it (make layers).
LAYERS = node/base node/vault node/store node/roster node/casework sync sync/commands web web/intake web/office web/commands
SOURCES = $(foreach d,$(LAYERS),$(sort $(wildcard $(d)/*.c)))
OBJECTS = $(SOURCES:%.c=$(B)/%.o) $(B)/web/assets.o
archive = $(B)/$(subst /,-,$(1)).a
ARCHIVES = $(foreach d,$(LAYERS),$(call archive,$(d)))
EMBEDDED = $(sort $(wildcard web/templates/*.html web/static/*))

# The pages' languages: catalogues beside the program.
LOCALE = locale/C.UTF-8/LC_MESSAGES
CATALOGUES = $(patsubst web/po/%.po,$(B)/$(LOCALE)/%.mo,$(wildcard web/po/*.po))

all: $(B)/engabo $(CATALOGUES)

$(B)/engabo: $(B)/node/main.o $(OBJECTS)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lzxcvbn -lpthread

# An object also depends on the data files of its folder: they may be embedded in it.
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(foreach d,$(LAYERS),$(eval $(patsubst %.c,$(B)/%.o,$(wildcard $(d)/*.c)): $(wildcard $(d)/*.sql $(d)/*.txt $(d)/codes/*.csv)))
$(B)/node/base/clock.o: CPPFLAGS += -DENGABO_BUILD_SECONDS=$(BUILD_SECONDS)

$(B)/$(LOCALE)/%.mo: web/po/%.po
	@mkdir -p $(@D)
	$(Q)msgfmt --check-format --check-domain --use-fuzzy -o $@ $<

$(B)/web/assets.c: web/assets.sh $(EMBEDDED)
	@mkdir -p $(@D)
	$(Q)sh web/assets.sh $(EMBEDDED) > $@
$(B)/web/assets.o: $(B)/web/assets.c
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

define archive_rule
$(call archive,$(1)): $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(if $(filter web,$(1)),$(B)/web/assets.o)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
endef
$(foreach d,$(LAYERS),$(eval $(call archive_rule,$(d))))

# Unit tests: tests/unit/<folder>/test_<name>.c sees its own layer and those below.
layers_of = $(if $(filter base,$(1)),node/base,$(if $(filter vault,$(1)),node/base node/vault,$(if $(filter store,$(1)),node/base node/vault node/store,$(if $(filter roster,$(1)),node/base node/vault node/store node/roster,$(if $(filter casework,$(1)),node/base node/vault node/store node/roster node/casework,$(if $(filter sync,$(1)),node/base node/vault node/store node/roster node/casework sync sync/commands,$(LAYERS)))))))
UNIT = $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_PROGRAMS = $(UNIT:%.c=$(B)/%)

define unit_rule
$(B)/$(1:.c=): $(B)/$(1:.c=.o) $(foreach d,$(call layers_of,$(word 3,$(subst /, ,$(1)))),$(call archive,$(d)))
	$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(PKG_LIBS) -lzxcvbn -lcmocka -lpthread
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

unit: $(UNIT_PROGRAMS)

packages:
	@sh tests/packages.sh $(PACKAGES)

# The second make sees the libraries that the first has just installed.
run: packages
	@$(MAKE) --no-print-directory all
	@/usr/bin/env sh tests/system/run.sh $(B)/engabo

install: all
	install -D -m 755 $(B)/engabo $(DESTDIR)/usr/bin/engabo
	install -d $(DESTDIR)/usr/share/engabo/$(LOCALE)
	install -m 644 $(CATALOGUES) $(DESTDIR)/usr/share/engabo/$(LOCALE)/
	install -d $(DESTDIR)/usr/lib/systemd/system $(DESTDIR)/usr/lib/sysusers.d $(DESTDIR)/usr/lib/tmpfiles.d
	install -m 644 systemd/*.service systemd/*.target $(DESTDIR)/usr/lib/systemd/system/
	install -m 644 systemd/engabo.sysusers $(DESTDIR)/usr/lib/sysusers.d/engabo.conf
	install -m 644 systemd/engabo.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/engabo.conf
	install -D -m 644 README.md $(DESTDIR)/usr/share/doc/engabo/README.md

include tests/tests.mk

# An include that points up, or a library header where it does not belong.
layers:
	@sh tests/layers.sh $(LAYERS)

# The texts of pages and code into the catalogues, and what is not translated yet.
strings:
	@sh tests/packages.sh gettext python3
	@sh web/po/strings.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

help:
	@echo 'make              builds $(B)/engabo'
	@echo 'make run          a small coalition on this machine, with sample records (installs what is missing)'
	@echo 'make test         all that fits in ten minutes; T=age runs one unit test'
	@echo 'make test-all     the same and what takes longer; make soak: the long ones'
	@echo 'make bench        our figures beside their floors'
	@echo 'make fuzz         five minutes each fuzz target'
	@echo 'make check        analysers, layers, formatting'
	@echo 'make strings      brings web/po/*.po up to date and lists what is not translated'
	@echo 'make layers format clean'

clean:
	rm -rf build build-*

.PHONY: all unit layers strings format help clean packages run install
.DELETE_ON_ERROR:
.SECONDARY:
-include $(OBJECTS:.o=.d) $(B)/node/main.d $(UNIT_PROGRAMS:=.d)
