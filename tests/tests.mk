# Tests, fuzzers, benches and analysers; included by the Makefile.

test-unit: unit
	prove -e '' $(if $(T),$(filter %test_$(T),$(UNIT_PROGRAMS)),$(UNIT_PROGRAMS))

.PHONY: test-unit
