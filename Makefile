# Entry points of this repository; each does one thing.
SHELL := /bin/bash
BUILD := dotnet build AaClip.Functions.sln -c Release --nologo -v quiet -clp:NoSummary

.PHONY: help build test soak run bench scan fuzz format azurite restore clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

node_modules/.package-lock.json: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund

restore: node_modules/.package-lock.json ## npm parts and NuGet packages
	@dotnet restore AaClip.Functions.sln --nologo -v quiet

# Settings of this machine: change them as you like; they are never committed. The model is the demonstration model until you name another.
local.settings.json:
	@sed 's#"models/live"#"$(CURDIR)/models/demo"#' local.settings.sample.json > $@

build: restore local.settings.json ## everything, and bin/aaclip
	$(BUILD) --no-restore
	@mkdir -p bin && ln -sfn ../build/aaclip bin/aaclip && ln -sfn ../build/bench bin/bench

test: build ## all tests; ends with "N passed, N failed"
	@build/test.sh

soak: build ## kills and storage faults for an hour: SOAK_MINUTES, SOAK_SEED; continues the last soak (artifacts/soak)
	@build/soak.sh

run: build ## the pipeline on this machine
	@build/run.sh

bench: build ## measures, and compares with the stored baselines
	@bin/bench

scan: build ## the scan on one planted and seven honest models, which it trains: three minutes
	AACLIP_SCAN_MODELS=7 artifacts/bin/Training.Tests/release/AaClip.Training.Tests -class "*.ScannerTests" -showLiveOutput

fuzz: build ## 10,000 damaged images and 1,000 damaged model files
	AACLIP_FUZZ_IMAGES=10000 artifacts/bin/Scoring.Tests/release/AaClip.Scoring.Tests -class '*.ImageFuzzTests' -showLiveOutput
	AACLIP_FUZZ_MODELS=1000 artifacts/bin/Import.Tests/release/AaClip.Import.Tests -class '*.ModelFuzzTests' -showLiveOutput

format: ## formats the sources; CHECK=1 changes nothing and fails where something is not formatted
	@build/format.sh $(if $(CHECK),--check)

azurite: node_modules/.package-lock.json ## Azurite alone, in memory, on its default ports
	node_modules/.bin/azurite --inMemoryPersistence --skipApiVersionCheck --disableTelemetry

clean: ## removes what was built, keeps npm parts
	rm -rf artifacts bin
