# SPDX-License-Identifier: GPL-2.0-only
#
# fastipc: see "make help".  Everything is built below build/; what is
# downloaded lies in $FASTIPC_CACHE, by default ~/.cache/fastipc.

VERSION := $(shell cat VERSION)
SOVERSION := 1
KERNELS ?= 6.1 6.12
RUN_KERNEL ?= 6.12
COMMANDS ?= run check
SECONDS ?= 60
HOURS ?= 8

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
SRCDIR ?= /usr/src

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
version-number := $(shell awk -F. '{ print $$1 * 10000 + $$2 * 100 + $$3 }' VERSION)
LIB_CFLAGS := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -Iuapi \
	-DFASTIPC_VERSION_NUMBER=$(version-number)
PROGRAM_CFLAGS := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -Iuapi -Ilib

lib-sources := $(wildcard lib/*.c)
lib-objects := $(lib-sources:lib/%.c=build/lib/%.o)
headers := $(wildcard lib/*.h uapi/linux/*.h)
programs := $(patsubst %.c,build/%,$(wildcard examples/*.c)) \
	build/tools/fastipc
tool-sources := $(wildcard tools/*.c)
so := build/lib/libfastipc.so.$(SOVERSION)

all: lib programs module ## library, tool, examples, and the module for this kernel

help: ## this list
	@echo 'fastipc $(VERSION): make TARGET [VARIABLE=VALUE]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo 'Variables: KERNELS="6.1 6.12 6.12-rt" (check), RUN_KERNEL (run),'
	@echo '  COMMANDS="run check" (check-fresh), SECONDS=60 (fuzz), HOURS=8 (soak),'
	@echo '  MUTANTS="NAME ..." (check-mutants; without it all),'
	@echo '  YES=1 (install without asking), FASTIPC_CACHE; PREFIX, LIBDIR,'
	@echo '  MANDIR, SRCDIR (of the DKMS source), DESTDIR (install)'

# Library and programs ---------------------------------------------------------

lib: build/lib/libfastipc.a build/lib/libfastipc.so ## the library
programs: $(programs) ## examples, and the command fastipc

build/lib/%.o: lib/%.c $(headers) VERSION
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LIB_CFLAGS) -fPIC -c $< -o $@

build/lib/libfastipc.a: $(lib-objects)
	$(AR) rcs $@ $^

$(so): $(lib-objects) lib/libfastipc.map
	$(CC) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=lib/libfastipc.map $(lib-objects) -o $@

build/lib/libfastipc.so: $(so)
	ln -sf $(<F) $@

build/lib/libfastipc.pc: lib/libfastipc.pc.in VERSION FORCE
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@

build/%: %.c build/lib/libfastipc.a $(headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PROGRAM_CFLAGS) $< build/lib/libfastipc.a $(LDLIBS) -o $@

build/examples/server: LDLIBS := -l:liburing.a

build/tools/fastipc: $(tool-sources) $(wildcard tools/*.h) \
		build/lib/libfastipc.a $(headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PROGRAM_CFLAGS) $(LDFLAGS) $(tool-sources) \
		build/lib/libfastipc.a -o $@

# Bench of the library's ring code on real processors: no module.
bench-objects := build/bench/native.o build/bench/contenders.o \
	build/bench/large.o build/bench/boost.o build/bench/iceoryx.o

# Debian puts its headers below the version.
build/bench/iceoryx.o: CXXFLAGS += -std=c++14 $(addprefix -isystem \
	,$(wildcard /usr/include/iceoryx/v*))

build/bench/%.o: bench/%.c bench/native.h bench/ring.h $(headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PROGRAM_CFLAGS) -c $< -o $@

build/bench/%.o: bench/%.cc bench/native.h
	@mkdir -p $(@D)
	$(CXX) $(CFLAGS) $(CXXFLAGS) -Wall -D_GNU_SOURCE -c $< -o $@

build/bench/native: $(bench-objects)
	$(CXX) $(LDFLAGS) $^ -lck -liceoryx_posh -liceoryx_hoofs \
		-liceoryx_platform -lpthread -lrt -o $@

# Module -------------------------------------------------------------------------

KDIR ?= /lib/modules/$(shell uname -r)/build

module: ## the module for the running kernel, if its headers are there
ifneq ($(wildcard $(KDIR)/Makefile),)
	scripts/build-module.sh $(KDIR) build/module-host
else
	@echo 'no headers for this kernel ($(KDIR)): module not built;'
	@echo '"make run" needs none'
endif

load: module ## load the module here (as root), mount /run/fastipc; GROUP= may use both
	scripts/load.sh build/module-host/module/fastipc.ko '$(GROUP)'

unload: ## unload it
	! mountpoint -q /run/fastipc || umount /run/fastipc
	rmmod fastipc

# Two commands -------------------------------------------------------------------

run: ## try it: boots Debian's 6.12 in QEMU and moves real data
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory -s lib programs
	@scripts/run.sh $(RUN_KERNEL)

check: ## all tests; last line: N passed, N failed, N skipped
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -s lib programs
	@scripts/check.sh $(KERNELS)

check-debug: ## the kselftests under KASAN, KCSAN, and on 6.12-rt
	@scripts/setup.sh debug
	@$(MAKE) --no-print-directory -s lib programs
	@scripts/check-debug.sh

coverage: ## what the kselftests reach, by file
	@scripts/setup.sh debug
	@scripts/coverage.sh

check-fresh: ## those two, on a fresh Debian in a folder (as root)
	@KERNELS='$(KERNELS)' scripts/fresh.sh $(COMMANDS)

check-mutants: ## break the code on purpose, a line at a time: tests must notice
	@scripts/setup.sh check
	@tests/mutants/run.sh $(MUTANTS)

lint: ## warnings, style, spelling, includes, symbols: silent if clean
	@scripts/lint.sh

native: ## tests of the library's ring code under sanitizers
	@tests/native/run.sh

fuzz: ## fuzz the library's ring code for SECONDS, then the module
	@scripts/setup.sh debug
	@tests/fuzz/run.sh reader $(SECONDS)
	@tests/fuzz/run.sh planted
	@tests/fuzz/run.sh module $(SECONDS)

bench: ## the library's ring beside others, on two processors of this machine
	@scripts/setup.sh bench
	@$(MAKE) --no-print-directory -s build/bench/native
	@build/bench/native

gate: ## instructions of each operation, in QEMU: none may have grown
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -s lib
	@bench/gate/run.sh $(RUN_KERNEL)

soak: ## kills, hostile words and fuzzers for HOURS
	@scripts/setup.sh debug
	@$(MAKE) --no-print-directory -s lib programs
	@scripts/soak.sh $(HOURS)

model: ## SPIN proves sleep, wake and close; broken variants must fail
	@tests/model/run.sh

# Installing ----------------------------------------------------------------------

install: lib build/tools/fastipc build/lib/libfastipc.pc ## library, tool, headers, pkg-config file, man pages, DKMS source, set-up files
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/linux
	install -m 755 $(so) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(so)) $(DESTDIR)$(LIBDIR)/libfastipc.so
	install -m 644 build/lib/libfastipc.a $(DESTDIR)$(LIBDIR)/
	install -m 644 build/lib/libfastipc.pc $(DESTDIR)$(LIBDIR)/pkgconfig/
	install -m 644 lib/fastipc.h lib/fastipc_uring.h \
		$(DESTDIR)$(PREFIX)/include/
	install -m 644 uapi/linux/fastipc.h $(DESTDIR)$(PREFIX)/include/linux/
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin build/tools/fastipc
	scripts/install-man.sh $(DESTDIR)$(MANDIR)
	install -D -m 644 packaging/60-fastipc.rules \
		$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-fastipc.rules
	install -D -m 644 packaging/fastipc.sysusers \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/fastipc.conf
	install -D -m 644 packaging/fastipc.modules-load \
		$(DESTDIR)$(PREFIX)/lib/modules-load.d/fastipc.conf
	install -D -m 644 packaging/run-fastipc.mount \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/run-fastipc.mount
	install -d $(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/uapi/linux
	install -d $(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/module
	install -m 644 Kbuild VERSION $(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/
	sed 's/@VERSION@/$(VERSION)/' dkms.conf.in \
		>$(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/dkms.conf
	install -m 644 module/*.[ch] module/Kbuild \
		$(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/module/
	install -m 644 uapi/linux/fastipc.h \
		$(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)/uapi/linux/

uninstall: ## what install put there
	rm -f $(DESTDIR)$(LIBDIR)/libfastipc.* $(DESTDIR)$(PREFIX)/bin/fastipc \
		$(DESTDIR)$(LIBDIR)/pkgconfig/libfastipc.pc \
		$(DESTDIR)$(PREFIX)/include/fastipc*.h \
		$(DESTDIR)$(PREFIX)/include/linux/fastipc.h \
		$(DESTDIR)$(MANDIR)/man*/fastipc*.[1-8] \
		$(DESTDIR)$(MANDIR)/man7/libfastipc.7 \
		$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-fastipc.rules \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/fastipc.conf \
		$(DESTDIR)$(PREFIX)/lib/modules-load.d/fastipc.conf \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/run-fastipc.mount
	rm -rf $(DESTDIR)$(SRCDIR)/fastipc-$(VERSION)

clean: ## remove build/
	rm -rf build

FORCE:
.PHONY: all help lib programs module load unload run check check-debug \
	check-mutants coverage check-fresh lint native fuzz bench gate soak model install \
	uninstall clean
.DELETE_ON_ERROR:
