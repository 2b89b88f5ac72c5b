# cccd-station: see `make help`.

# ---- settings
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
VARIANT ?= gcc
BUILD ?= build/$(VARIANT)
PREFIX ?= /usr/local
OPT ?= -O2 -g

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wundef -Wcast-qual -Wpointer-arith -Wwrite-strings -Wswitch-enum -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
FORTIFY ?= -D_FORTIFY_SOURCE=2
LDHARDEN := -pie -Wl,--as-needed,-z,relro,-z,now,-z,noexecstack

ifdef SANITIZE
VARIANT := asan
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FORTIFY :=
LDSAN := -fsanitize=address,undefined
endif
ifdef FUZZ
VARIANT := fuzz
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FORTIFY :=
HARDEN := -fPIE
LDSAN := -fsanitize=address,undefined
endif

# ---- Debian packages: what a target needs is installed when it is missing
PACKAGES_BUILD := gcc make pkg-config libc6-dev libssl-dev libpcsclite-dev libturbojpeg0-dev libsqlite3-dev libjansson-dev \
	libutf8proc-dev libargon2-dev libpng-dev libcbor-dev libopenjp2-7-dev libseccomp-dev libp11-kit-dev libpq-dev \
	libcurl4-openssl-dev
PACKAGES_RUN := pcscd vsmartcard-vpcd
PACKAGES_TEST := libcmocka-dev openssl nodejs npm opensc softhsm2 postgresql
PACKAGES_LINT := clang clang-format clang-tidy

PKGS := libcrypto libpcsclite libturbojpeg libpng libopenjp2 libcbor libseccomp libpq libcurl sqlite3 jansson libutf8proc libargon2
# p11-kit: its headers alone; a token's module is opened at run time.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) p11-kit-1)
LIBS = $(shell pkg-config --libs $(PKGS)) -lpthread -lm

CPPFLAGS_ALL = -I. -I$(BUILD)/gen -D_GNU_SOURCE $(FORTIFY) $(PKG_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL = -std=c17 $(OPT) $(WARN) $(HARDEN) $(CFLAGS)
LDFLAGS_ALL = $(LDHARDEN) $(LDSAN) $(LDFLAGS)
# A hundred and more test programs are linked: by the faster of binutils' two linkers, where it is.
LDTEST := $(if $(shell command -v ld.gold 2>/dev/null),-fuse-ld=gold)

# ---- rooms: every .c of a room is part of it
ROOMS := crypto/base crypto biometrics card station
src_base := $(wildcard crypto/base/*.c)
src_crypto := $(filter-out crypto/base/%,$(wildcard crypto/*.c crypto/*/*.c))
src_biometrics := $(wildcard biometrics/*.c biometrics/*/*.c)
src_card := $(wildcard card/*.c card/*/*.c)
src_station := $(filter-out station/main.c,$(wildcard station/*.c station/*/*.c))
src_support := $(wildcard tests/support/*.c)
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_base := $(BUILD)/lib/libbase.a
LIB_crypto := $(BUILD)/lib/libcrypto_room.a
LIB_biometrics := $(BUILD)/lib/libbiometrics.a
LIB_card := $(BUILD)/lib/libcard.a
LIB_station := $(BUILD)/lib/libstation.a
LIB_support := $(BUILD)/lib/libsupport.a
LIB_ALL := $(LIB_station) $(LIB_card) $(LIB_biometrics) $(LIB_crypto) $(LIB_base)

PROGRAM := $(BUILD)/cccd

TEST_SRC := $(wildcard tests/unit/*_test.c tests/regress/*_test.c)
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
TEST_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC)) \
	$(patsubst tests/fuzz/%_fuzz.c,$(BUILD)/tests/fuzz/%_replay,$(FUZZ_SRC))
TEST_SH := $(wildcard tests/regress/*_test.sh tests/peers/*_test.sh)
BENCH_SRC := $(wildcard tests/bench/*_bench.c)
BENCH_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(BENCH_SRC))

# As many at a time as there are processors, unless -j says otherwise.
JOBS ?= $(shell nproc)
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.DEFAULT_GOAL := all
# Peers are programs that share no code with ours, and published vectors that nobody here wrote.
PEER_SH := $(wildcard tests/peers/*_test.sh) tests/regress/verify_vectors_test.sh
PEER_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/regress/vector_files_test.c tests/unit/*_vectors_test.c \
	tests/unit/*_examples_test.c) tests/unit/cose_test.c tests/unit/cvc_test.c tests/unit/pubkey_test.c tests/unit/x509_test.c)
# The card, the certificate, the file as the attacker, at full length.
ATTACK_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/regress/*hostile*_test.c tests/unit/issue_lying_test.c \
	tests/unit/signer_constraints_test.c))

.PHONY: all help demo test check asan fuzz peers attack bench format tidy install clean packages packages-test packages-lint program tests clang
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 22

all: packages ## install what is missing and build build/gcc/cccd
	+@$(MAKE) --no-print-directory $(parallel) program

program: $(PROGRAM)

demo: packages ## issue and inspect 24 cards on software chips behind a real pcscd
	+@$(MAKE) --no-print-directory $(parallel) program
	@$(PROGRAM) demo --home build/demo

test: packages packages-test ## everything that must pass; ends with N passed, N failed
	+@$(MAKE) --no-print-directory $(parallel) program tests
	@BUILD=$(BUILD) tests/run.sh $(TEST_BIN) tests/lint/check_test.sh $(TEST_SH)

# A PKCS#11 module that fails on demand: these tests load it, so does the program under test.
PKCS11_SHIM := $(BUILD)/tests/pkcs11_shim.so
$(BUILD)/tests/unit/keystore_pkcs11_fault_test $(BUILD)/tests/unit/keystore_pkcs11_slow_test \
	$(BUILD)/tests/regress/pkcs11_issue_test: | $(PKCS11_SHIM)
# Key files whose password costs little, for tests that run the program often (tests/support/station.sh).
CHEAP_KEYS := $(BUILD)/tests/cheap_keys
tests: $(TEST_BIN) $(PKCS11_SHIM) $(CHEAP_KEYS)

check: ## include arrows, one library one door, self-contained headers, file names
	@tests/lint/check.sh

asan: packages packages-test ## the suite under address and undefined-behaviour sanitizers
	+@$(MAKE) --no-print-directory $(parallel) SANITIZE=1 program tests
	@BUILD=build/asan SANITIZE=1 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		tests/run.sh $(patsubst $(BUILD)/%,build/asan/%,$(TEST_BIN)) $(TEST_SH)

peers: packages packages-test ## programs and published vectors of others against ours; ends with N passed, N failed
	+@$(MAKE) --no-print-directory $(parallel) program $(PEER_BIN) $(CHEAP_KEYS)
	@BUILD=$(BUILD) tests/run.sh $(PEER_BIN) $(PEER_SH)

attack: packages packages-test ## hostile cards and signers at full length, each status word at each command; N passed, N failed
	+@$(MAKE) --no-print-directory $(parallel) program $(ATTACK_BIN)
	@BUILD=$(BUILD) CCCD_ALL_STATUS_WORDS=1 tests/run.sh $(ATTACK_BIN)

FUZZ_SECONDS ?= 60
fuzz: packages packages-lint ## every fuzz target for FUZZ_SECONDS (60) each
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh $(FUZZ_SRC)

bench: packages packages-test ## ratios against peers measured in the same run; writes build/bench.json
	+@$(MAKE) --no-print-directory $(parallel) program $(BENCH_BIN)
	@BUILD=$(BUILD) tests/bench/run.sh $(BENCH_BIN)

clang: packages packages-test packages-lint ## build program and tests with clang too
	+@$(MAKE) --no-print-directory $(parallel) CC=clang VARIANT=clang HARDEN="-fstack-protector-strong -fPIE" program tests

format: packages-lint ## clang-format over all C files
	@git ls-files '*.c' '*.h' | xargs clang-format -i

tidy: packages-lint ## clang-tidy over the program
	@clang-tidy --quiet $(src_base) $(src_crypto) $(src_biometrics) $(src_card) $(src_station) station/main.c -- \
		-std=c17 $(CPPFLAGS_ALL)

install: program ## into PREFIX (/usr/local), DESTDIR respected
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/cccd
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/cccd-station/README.md
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/cccd-station/LICENSE

clean: ## remove build/
	rm -rf build

packages:
	@tests/support/packages.sh $(PACKAGES_BUILD) $(PACKAGES_RUN)
packages-test:
	@tests/support/packages.sh $(PACKAGES_TEST)
packages-lint:
	@tests/support/packages.sh $(PACKAGES_LINT)

# ---- compiling
# Pictures and networks are long loops over arrays.
ifndef SANITIZE
$(BUILD)/obj/biometrics/%.o: OPT += -O3
endif
$(BUILD)/obj/biometrics/face_net/weights.o: $(BUILD)/gen/gen_face_detector.h $(BUILD)/gen/gen_face_landmarks.h
face_weights := biometrics/face_net/weights
$(BUILD)/gen/gen_face_detector.h: model := tiny_face_detector_model
$(BUILD)/gen/gen_face_landmarks.h: model := face_landmark_68_model
$(BUILD)/gen/gen_face_%.h: biometrics/face_net/weights.sh $(wildcard $(face_weights)/*)
	@mkdir -p $(@D)
	@biometrics/face_net/weights.sh $(face_weights) $(model) >$@

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo "CC $<";)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

define archive
@mkdir -p $(@D)
@rm -f $@
@ar rcs $@ $^
endef
$(LIB_base): $(call obj,$(src_base)); $(archive)
$(LIB_crypto): $(call obj,$(src_crypto)); $(archive)
$(LIB_biometrics): $(call obj,$(src_biometrics)); $(archive)
$(LIB_card): $(call obj,$(src_card)); $(archive)
$(LIB_station): $(call obj,$(src_station)); $(archive)
$(LIB_support): $(call obj,$(src_support)); $(archive)

$(PROGRAM): $(call obj,station/main.c) $(LIB_ALL)
	@echo "LD $@"; $(CC) $(LDFLAGS_ALL) $(LDTEST) -o $@ $^ $(LIBS)

# It times the real calls of an import.
$(BUILD)/tests/bench/registry_bench: LDTEST += -Wl,--wrap=hmac_run -Wl,--wrap=sealer_encrypt
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIB_support) $(LIB_ALL)
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(LDFLAGS_ALL) $(LDTEST) -Wl,--wrap=cc_alloc -o $@ $^ $(LIB_support) $(LIB_base) $(LIBS) -lcmocka

$(PKCS11_SHIM): tests/support/pkcs11_shim/shim.c tests/support/pkcs11_shim/shim.h Makefile
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fPIC -shared -o $@ $< -lpthread

$(CHEAP_KEYS): $(BUILD)/obj/tests/support/cheap_keys/cheap_keys.o $(LIB_crypto) $(LIB_base)
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# A fuzz target is linked twice: with libFuzzer (FUZZ=1), and with a main that replays and mutates the committed corpus.
$(BUILD)/tests/fuzz/%_fuzz: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(LIB_support) $(LIB_ALL)
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%_replay: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(BUILD)/obj/tests/fuzz/replay.o $(LIB_support) $(LIB_ALL)
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
